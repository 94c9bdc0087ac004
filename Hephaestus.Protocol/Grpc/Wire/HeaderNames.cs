using System.Collections.Frozen;

namespace Grpc.Wire;

/// <summary>The protocol's own headers, which are no metadata.</summary>
internal static class HeaderNames
{
    public const string ContentType = "application/grpc";
    public const string Status = "grpc-status";
    public const string Message = "grpc-message";
    public const string Timeout = "grpc-timeout";
    public const string Encoding = "grpc-encoding";
    public const string AcceptEncoding = "grpc-accept-encoding";

    /// <summary>Metadata of a client by which it asks for its own requests to be compressed; does not travel.</summary>
    public const string RequestEncoding = "grpc-internal-encoding-request";

    private static readonly FrozenSet<string> Own = new[]
    {
        Status, Message, Timeout, Encoding, AcceptEncoding, RequestEncoding, "grpc-message-type",
        "content-type", "content-length", "content-encoding", "transfer-encoding", "te", "trailer",
        "connection", "keep-alive", "proxy-connection", "upgrade", "host", "date",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a header belongs to gRPC or HTTP and neither leaves nor enters the metadata.</summary>
    public static bool IsReserved(string name) => name.StartsWith(':') || Own.Contains(name);

    /// <summary>"application/grpc", alone or followed by "+proto" or parameters.</summary>
    public static bool IsGrpc(string? contentType) =>
        contentType is not null
        && contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == ContentType.Length || contentType[ContentType.Length] is '+' or ';' or ' ');
}
