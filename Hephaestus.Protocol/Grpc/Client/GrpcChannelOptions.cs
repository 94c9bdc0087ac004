using Grpc.Core;

namespace Grpc.Net.Client;

/// <summary>How a channel reaches its server.</summary>
public sealed class GrpcChannelOptions
{
    internal const int DefaultMaxReceiveMessageSize = 4 * 1024 * 1024;

    /// <summary>Clear text or TLS; null: as the address says. It must not contradict the address.</summary>
    public ChannelCredentials? Credentials { get; set; }

    /// <summary>What carries the calls (HTTP/2, TLS, unix sockets, keep-alive); null: a handler of the channel's own.</summary>
    public HttpMessageHandler? HttpHandler { get; set; }

    /// <summary>Whether the channel disposes <see cref="HttpHandler"/> when it is disposed itself.</summary>
    public bool DisposeHttpClient { get; set; }

    /// <summary>The largest response in bytes, 4 MiB unless said otherwise; null: no limit.</summary>
    public int? MaxReceiveMessageSize { get; set; } = DefaultMaxReceiveMessageSize;

    /// <summary>The largest request in bytes; null: no limit.</summary>
    public int? MaxSendMessageSize { get; set; }

    /// <summary>
    /// Whether a call that its caller has cancelled throws OperationCanceledException instead of RpcException.
    /// </summary>
    public bool ThrowOperationCanceledOnCancellation { get; set; }
}
