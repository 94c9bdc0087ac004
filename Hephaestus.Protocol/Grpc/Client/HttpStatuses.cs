using System.Net;
using Grpc.Core;

namespace Grpc.Net.Client;

/// <summary>What trouble below gRPC means to a caller.</summary>
internal static class HttpStatuses
{
    private enum Http2Error : long
    {
        NoError = 0x0,
        ProtocolError = 0x1,
        RefusedStream = 0x7,
        Cancel = 0x8,
        EnhanceYourCalm = 0xb,
        InadequateSecurity = 0xc,
    }

    /// <summary>Of an answer that is not gRPC's, as the protocol maps them.</summary>
    public static Status OfHttp(HttpStatusCode code) => new(
        code switch
        {
            HttpStatusCode.BadRequest => StatusCode.Internal,
            HttpStatusCode.Unauthorized => StatusCode.Unauthenticated,
            HttpStatusCode.Forbidden => StatusCode.PermissionDenied,
            HttpStatusCode.NotFound => StatusCode.Unimplemented,
            HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable
                or HttpStatusCode.GatewayTimeout => StatusCode.Unavailable,
            _ => StatusCode.Unknown,
        },
        $"Bad gRPC response. HTTP status code: {(int)code}");

    /// <summary>Of an exception; one that is an RpcException already keeps its status.</summary>
    public static Status Of(Exception exception)
    {
        if (exception is RpcException rpc)
        {
            return rpc.Status;
        }

        var chain = Chain(exception).ToList();
        var code = chain.OfType<HttpProtocolException>().FirstOrDefault() is { } reset ? OfReset(reset.ErrorCode)
            : chain.Exists(cause => cause is HttpRequestException or IOException or TimeoutException) ? StatusCode.Unavailable
            : StatusCode.Internal;
        return new Status(code, Said(chain), exception);
    }

    /// <summary>
    /// One line of what each exception of a chain adds: the outer ones often say only "see inner exception", the inner
    /// ones what an outer one has said.
    /// </summary>
    private static string Said(IEnumerable<Exception> chain)
    {
        var said = "";
        foreach (var text in chain.Select(cause => Line(cause.Message)).Where(text => text.Length > 0))
        {
            said = said.Contains(text.TrimEnd('.'), StringComparison.Ordinal) ? said
                : said.Length == 0 ? text
                : $"{said.TrimEnd('.')}: {text}";
        }

        return said;
    }

    private static string Line(string message) =>
        message.ReplaceLineEndings(" ").Replace(", see inner exception", "", StringComparison.Ordinal).Trim();

    private static StatusCode OfReset(long errorCode) => (Http2Error)errorCode switch
    {
        // ProtocolError is what SocketsHttpHandler says of a server that speaks no HTTP/2, or that answers no ping any more.
        Http2Error.NoError or Http2Error.ProtocolError or Http2Error.RefusedStream => StatusCode.Unavailable,
        Http2Error.Cancel => StatusCode.Cancelled,
        Http2Error.EnhanceYourCalm => StatusCode.ResourceExhausted,
        Http2Error.InadequateSecurity => StatusCode.PermissionDenied,
        _ => StatusCode.Internal,
    };

    private static IEnumerable<Exception> Chain(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            yield return exception;
        }
    }
}
