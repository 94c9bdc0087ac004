using Grpc.Core;

namespace Grpc.Net.Client;

/// <summary>
/// A way to one server over HTTP/2. Connections are made when calls need them; a channel may be shared by threads.
/// </summary>
public sealed class GrpcChannel : ChannelBase, IDisposable
{
    private readonly CancellationTokenSource _closed = new();

    private GrpcChannel(Uri address, GrpcChannelOptions options) : base(address.Authority)
    {
        Address = address;
        Options = options;
        Closed = _closed.Token;
        Invoker = options.HttpHandler is { } handler
            ? new HttpMessageInvoker(handler, options.DisposeHttpClient)
            : new HttpMessageInvoker(CreateHandler(), disposeHandler: true);
    }

    internal Uri Address { get; }

    internal GrpcChannelOptions Options { get; }

    internal HttpMessageInvoker Invoker { get; }

    /// <summary>Set when the channel is disposed.</summary>
    internal CancellationToken Closed { get; }

    /// <summary>A channel to "http://host:port" or "https://host:port".</summary>
    public static GrpcChannel ForAddress(string address) => ForAddress(new Uri(address));

    /// <summary>A channel to "http://host:port" or "https://host:port".</summary>
    public static GrpcChannel ForAddress(string address, GrpcChannelOptions channelOptions) =>
        ForAddress(new Uri(address), channelOptions);

    /// <summary>A channel to an http or https address.</summary>
    public static GrpcChannel ForAddress(Uri address) => ForAddress(address, new GrpcChannelOptions());

    /// <summary>
    /// A channel to an http or https address. Throws ArgumentException for another scheme and
    /// InvalidOperationException for credentials that contradict it.
    /// </summary>
    public static GrpcChannel ForAddress(Uri address, GrpcChannelOptions channelOptions)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(channelOptions);
        if (!address.IsAbsoluteUri || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps))
        {
            throw new ArgumentException($"The address '{address}' is neither http://… nor https://….", nameof(address));
        }

        var scheme = channelOptions.Credentials == ChannelCredentials.SecureSsl ? Uri.UriSchemeHttps
            : channelOptions.Credentials == ChannelCredentials.Insecure ? Uri.UriSchemeHttp
            : address.Scheme;
        return scheme == address.Scheme
            ? new GrpcChannel(address, channelOptions)
            : throw new InvalidOperationException($"The channel's credentials are for {scheme}, its address is '{address}'.");
    }

    /// <inheritdoc/>
    public override CallInvoker CreateCallInvoker() => new HttpCallInvoker(this);

    /// <summary>Closes the connections; calls that run are cancelled.</summary>
    public void Dispose()
    {
        if (!_closed.IsCancellationRequested)
        {
            _closed.Cancel();
            Invoker.Dispose();
            _closed.Dispose();
        }
    }

    /// <inheritdoc/>
    protected override Task ShutdownAsyncCore()
    {
        Dispose();
        return Task.CompletedTask;
    }

    private static SocketsHttpHandler CreateHandler() => new()
    {
        // A connection carries 100 calls at most; what comes then would wait without a word.
        EnableMultipleHttp2Connections = true,
        // Proxies speak HTTP/1.1 to a clear-text server.
        UseProxy = false,
    };
}
