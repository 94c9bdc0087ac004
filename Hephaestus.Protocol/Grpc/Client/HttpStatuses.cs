using System.Net;
using Grpc.Core;

namespace Grpc.Net.Client;

/// <summary>What trouble below gRPC means to a caller.</summary>
internal static class HttpStatuses
{
    private enum Http2Error : long
    {
        NoError = 0x0,
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
        // The outer exceptions often say only "see inner exception".
        return new Status(code, string.Join(" ", chain.Select(cause => cause.Message).Distinct()), exception);
    }

    private static StatusCode OfReset(long errorCode) => (Http2Error)errorCode switch
    {
        Http2Error.NoError or Http2Error.RefusedStream => StatusCode.Unavailable,
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
