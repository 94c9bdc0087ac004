using Grpc.Core;
using Grpc.Wire;

namespace Grpc.Net.Client;

/// <summary>The HTTP side of a call: its request and what the response's head and trailers say.</summary>
internal static class HttpExchange
{
    private static readonly string UserAgent =
        "grpc-csharp-hephaestus/" + typeof(HttpExchange).Assembly.GetName().Version?.ToString(3);

    public static HttpRequestMessage CreateRequest(
        Uri address, IMethod method, CallOptions options, TimeSpan? timeout, HttpContent content)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, method.FullName))
        {
            Version = System.Net.HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        Add(request, "te", "trailers");
        Add(request, "user-agent", UserAgent);
        Add(request, HeaderNames.AcceptEncoding, Gzip.AcceptEncoding);
        if (RequestEncoding(options) is { } encoding)
        {
            Add(request, HeaderNames.Encoding, encoding);
        }

        if (timeout is { } left)
        {
            Add(request, HeaderNames.Timeout, GrpcTimeout.Format(left));
        }

        foreach (var (name, value) in MetadataHeaders.ToHeaders(options.Headers ?? Metadata.Empty))
        {
            Add(request, name, value);
        }

        return request;
    }

    /// <summary>"gzip" when the caller asks for its requests to be compressed, else null.</summary>
    public static string? RequestEncoding(CallOptions options) =>
        options.Headers?.GetValue(HeaderNames.RequestEncoding) is Gzip.Name ? Gzip.Name : null;

    /// <summary>The end that a response's head alone tells; null: a body and trailers follow.</summary>
    public static CallEnd? EndOf(HttpResponseMessage response)
    {
        var hasStatus = response.Headers.Contains(HeaderNames.Status);
        if (!hasStatus && response.StatusCode != System.Net.HttpStatusCode.OK)
        {
            return new CallEnd(HttpStatuses.OfHttp(response.StatusCode));
        }

        var contentType = response.Content.Headers.ContentType?.ToString();
        if (!hasStatus && !HeaderNames.IsGrpc(contentType))
        {
            return new CallEnd(new Status(
                StatusCode.Unknown, $"Bad gRPC response. Content type '{contentType}', not {HeaderNames.ContentType}."));
        }

        return hasStatus ? new CallEnd(StatusIn(response.Headers), MetadataOf(response.Headers)) : null;
    }

    /// <summary>The end that the trailers tell; the body has been read to its end.</summary>
    public static CallEnd TrailersOf(HttpResponseMessage response) =>
        new(StatusIn(response.TrailingHeaders), MetadataOf(response.TrailingHeaders));

    public static Metadata MetadataOf(System.Net.Http.Headers.HttpHeaders headers)
    {
        var metadata = new Metadata();
        foreach (var (name, values) in headers.NonValidated)
        {
            foreach (var value in values)
            {
                metadata.AddHeader(name, value);
            }
        }

        return metadata;
    }

    public static string? Value(System.Net.Http.Headers.HttpHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;

    private static Status StatusIn(System.Net.Http.Headers.HttpHeaders headers)
    {
        if (!int.TryParse(Value(headers, HeaderNames.Status), out var code))
        {
            return new Status(StatusCode.Unknown, "No grpc-status found on response.");
        }

        var detail = PercentEncoding.Decode(Value(headers, HeaderNames.Message) ?? "");
        return Enum.IsDefined((StatusCode)code)
            ? new Status((StatusCode)code, detail)
            : new Status(StatusCode.Unknown, $"Unknown grpc-status {code}. {detail}");
    }

    private static void Add(HttpRequestMessage request, string name, string value) =>
        request.Headers.TryAddWithoutValidation(name, value);
}
