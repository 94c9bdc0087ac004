using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;

namespace Grpc.AspNetCore.Server;

/// <summary>What holds for all services of a server.</summary>
public class GrpcServiceOptions
{
    internal const int DefaultMaxReceiveMessageSize = 4 * 1024 * 1024;

    /// <summary>The largest request in bytes, 4 MiB unless said otherwise; null: no limit.</summary>
    public int? MaxReceiveMessageSize { get; set; } = DefaultMaxReceiveMessageSize;

    /// <summary>The largest response in bytes; null: no limit.</summary>
    public int? MaxSendMessageSize { get; set; }

    /// <summary>Whether callers are told the exceptions of handlers. For development only.</summary>
    public bool? EnableDetailedErrors { get; set; }

    /// <summary>"gzip": responses are compressed for callers that accept it. Null: never.</summary>
    public string? ResponseCompressionAlgorithm { get; set; }

    /// <summary>How much effort compression makes; null: the fastest.</summary>
    public CompressionLevel? ResponseCompressionLevel { get; set; }

    /// <summary>What every call passes through, the first added outermost.</summary>
    public InterceptorCollection Interceptors { get; } = [];
}
