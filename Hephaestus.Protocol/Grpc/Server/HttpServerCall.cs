using System.IO.Compression;
using System.IO.Pipelines;
using Grpc.Core;
using Grpc.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Grpc.AspNetCore.Server;

/// <summary>One call on Kestrel: what its handler sees, its deadline, and its one end.</summary>
internal sealed class HttpServerCall : ServerCallContext, IAsyncDisposable
{
    private readonly ServerCallFactory _calls;
    private readonly IMethod _method;
    private readonly CancellationTokenSource _cancellation;
    private readonly CallResponse _response;
    private readonly CallDeadline? _deadline;
    private Metadata? _requestHeaders;
    private Metadata? _trailers;
    private AuthContext? _authContext;
    private Dictionary<object, object>? _userState;

    public HttpServerCall(HttpContext http, IMethod method, ServerCallFactory calls)
    {
        HttpContext = http;
        _method = method;
        _calls = calls;
        _cancellation = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        CancellationTokenCore = _cancellation.Token;
        _response = new CallResponse(http, CompressionFor(http.Request));
        Requests = new MessageReader(
            http.Request.BodyReader, http.Request.Headers[HeaderNames.Encoding], calls.Options.MaxReceiveMessageSize);
        _deadline = CallDeadline.Of(http.Request, ExpireAsync);
    }

    public HttpContext HttpContext { get; }

    public MessageReader Requests { get; }

    /// <summary>Whether nobody waits for its end any more: the caller is gone, or its deadline has passed.</summary>
    public bool IsGivenUp => CancellationToken.IsCancellationRequested || _response.IsClosedByPeer;

    /// <summary>What a call that was given up ended by.</summary>
    public Status CancellationStatus => _deadline is { HasPassed: true } ? DeadlineStatus : Status.DefaultCancelled;

    protected override string MethodCore => _method.FullName;

    protected override string HostCore => HttpContext.Request.Host.Value ?? "";

    protected override string PeerCore => CallPeer.AddressOf(HttpContext.Connection);

    protected override DateTime DeadlineCore => _deadline?.At ?? DateTime.MaxValue;

    protected override Metadata RequestHeadersCore => _requestHeaders ??= ReadRequestHeaders();

    protected override CancellationToken CancellationTokenCore { get; }

    protected override Metadata ResponseTrailersCore => _trailers ??= [];

    protected override Status StatusCore { get; set; }

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override AuthContext AuthContextCore => _authContext ??= CallPeer.IdentityOf(HttpContext.Connection);

    protected override IDictionary<object, object> UserStateCore =>
        _userState ??= [];

    private static Status DeadlineStatus => new(StatusCode.DeadlineExceeded, "Deadline Exceeded");

    /// <summary>Writes a message; ends when the transport has taken it.</summary>
    public async Task WriteAsync<T>(Marshaller<T> marshaller, T message, WriteOptions? options, CancellationToken token)
    {
        var flags = options?.Flags ?? default;
        var compression = flags.HasFlag(WriteFlags.NoCompress) ? null : _response.Compression;
        using var frame = Frame.Of(marshaller, message, _calls.Options.MaxSendMessageSize, compression);
        await _response.WriteAsync(frame, !flags.HasFlag(WriteFlags.BufferHint), token);
    }

    /// <summary>Ends the call with its status, unless its deadline has done so.</summary>
    public async Task EndAsync(CallOutcome outcome)
    {
        await StopDeadlineAsync();
        await _response.EndAsync(outcome.Status, [.. _trailers ?? Metadata.Empty, .. outcome.Trailers ?? Metadata.Empty]);
    }

    public async ValueTask DisposeAsync()
    {
        await StopDeadlineAsync();
        _cancellation.Dispose();
    }

    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) =>
        _response.StartAsync(responseHeaders, CancellationToken);

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) =>
        throw new NotSupportedException("CreatePropagationToken will be implemented in a future version.");

    private async Task ExpireAsync()
    {
        // First, so that a write that waits for its reader gives up and the response can be ended.
        await _cancellation.CancelAsync();
        await _response.AbandonAsync(DeadlineStatus);
    }

    private ValueTask StopDeadlineAsync() => _deadline?.DisposeAsync() ?? ValueTask.CompletedTask;

    private CompressionLevel? CompressionFor(HttpRequest request)
    {
        var isWanted = _calls.Options.ResponseCompressionAlgorithm == Gzip.Name
            && request.Headers[HeaderNames.AcceptEncoding].ToString()
                .Split(',', StringSplitOptions.TrimEntries).Contains(Gzip.Name);
        return isWanted ? _calls.Options.ResponseCompressionLevel ?? CompressionLevel.Fastest : null;
    }

    private Metadata ReadRequestHeaders()
    {
        var metadata = new Metadata();
        foreach (var (name, values) in HttpContext.Request.Headers)
        {
            foreach (var value in values)
            {
                metadata.AddHeader(name, value ?? "");
            }
        }

        return metadata;
    }
}
