using System.IO.Compression;
using System.IO.Pipelines;
using Grpc.Core;
using Grpc.Wire;

namespace Grpc.Net.Client;

/// <summary>One call from its first header to its trailers.</summary>
internal sealed class ClientCall<TRequest, TResponse> : IDisposable
    where TRequest : class
    where TResponse : class
{
    /// <summary>Bytes read at once: a chunk of output and its header fit.</summary>
    private static readonly StreamPipeReaderOptions BodyReading = new(bufferSize: 16 * 1024, useZeroByteReads: true);

    private readonly GrpcChannel _channel;
    private readonly Method<TRequest, TResponse> _method;
    private readonly CallOptions _options;
    private readonly CallLifetime _lifetime;
    private readonly Task<HttpResponseMessage> _response;
    private MessageReader? _reader;

    private ClientCall(
        GrpcChannel channel,
        Method<TRequest, TResponse> method,
        CallOptions options,
        Func<ClientCall<TRequest, TResponse>, HttpContent> content)
    {
        ObjectDisposedException.ThrowIf(channel.Closed.IsCancellationRequested, channel);
        _channel = channel;
        _method = method;
        _options = options;
        _lifetime = new CallLifetime(channel, options);
        _response = Observed(SendAsync(content));
        ResponseHeaders = Observed(ReadHeadersAsync());
        Responses = new ResponseReader<TResponse>(_lifetime, ReadAsync);
    }

    public Task<Metadata> ResponseHeaders { get; }

    public IAsyncStreamReader<TResponse> Responses { get; }

    /// <summary>Starts a call with one request.</summary>
    public static ClientCall<TRequest, TResponse> Start(
        GrpcChannel channel, Method<TRequest, TResponse> method, CallOptions options, TRequest request) =>
        new(channel, method, options, call => new SingleRequest(call.Serialize(request, options.WriteOptions)));

    /// <summary>Starts a call whose requests follow.</summary>
    public static ClientCall<TRequest, TResponse> Start(
        GrpcChannel channel,
        Method<TRequest, TResponse> method,
        CallOptions options,
        out IClientStreamWriter<TRequest> requests)
    {
        RequestStream? stream = null;
        var call = new ClientCall<TRequest, TResponse>(
            channel, method, options, call => stream = new RequestStream(call._lifetime.Token));
        requests = new RequestWriter<TRequest>(call._lifetime, stream!, call._response, call.Serialize)
        {
            WriteOptions = options.WriteOptions,
        };
        return call;
    }

    /// <summary>The only response. Throws RpcException when the call did not end OK.</summary>
    public Task<TResponse> ReadSingleAsync()
    {
        return Observed(ReadAsync());

        async Task<TResponse> ReadAsync()
        {
            var response = await this.ReadAsync();
            if (response is not null && await this.ReadAsync() is not null)
            {
                throw Ended(WireErrors.MoreThanOneMessage());
            }

            return response ?? throw WireErrors.NoMessage();
        }
    }

    public Status GetStatus() => RequireEnd().Status;

    public Metadata GetTrailers() => RequireEnd().Trailers;

    public void Dispose() => _lifetime.TryEnd(CallEnd.Disposed);

    private CallEnd RequireEnd() =>
        _lifetime.End ?? throw new InvalidOperationException("The call has not ended: it has no status and no trailers.");

    private async Task<HttpResponseMessage> SendAsync(Func<ClientCall<TRequest, TResponse>, HttpContent> content)
    {
        try
        {
            var request = HttpExchange.CreateRequest(
                _channel.Address, _method, _options, _lifetime.Timeout, content(this));
            var response = await _channel.Invoker.SendAsync(request, _lifetime.Token);
            // Nobody may be reading when the call ends, and only disposal makes the handler reset the stream then.
            _lifetime.Token.UnsafeRegister(static state => ((HttpResponseMessage)state!).Dispose(), response);
            if (HttpExchange.EndOf(response) is { } end)
            {
                _lifetime.TryEnd(end);
            }

            return response;
        }
        catch (Exception exception)
        {
            throw Ended(exception);
        }
    }

    private async Task<Metadata> ReadHeadersAsync() => HttpExchange.MetadataOf((await _response).Headers);

    /// <summary>The next response, or null when the call has ended OK.</summary>
    private async Task<TResponse?> ReadAsync()
    {
        var response = await _response;
        if (_lifetime.End is null)
        {
            try
            {
                _reader ??= await OpenAsync(response);
                if (await _reader.ReadAsync(_method.ResponseMarshaller, _lifetime.Token) is { } message)
                {
                    return message;
                }

                _lifetime.TryEnd(HttpExchange.TrailersOf(response));
            }
            catch (Exception exception)
            {
                throw Ended(exception);
            }
        }

        return _lifetime.ToException() is { } failure ? throw failure : null;
    }

    private async Task<MessageReader> OpenAsync(HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStreamAsync(_lifetime.Token);
        return new MessageReader(
            PipeReader.Create(body, BodyReading),
            HttpExchange.Value(response.Headers, HeaderNames.Encoding),
            _channel.Options.MaxReceiveMessageSize);
    }

    private Frame Serialize(TRequest request, WriteOptions? options)
    {
        var compress = HttpExchange.RequestEncoding(_options) is not null
            && options?.Flags.HasFlag(WriteFlags.NoCompress) is not true;
        return Frame.Of(
            _method.RequestMarshaller,
            request,
            _channel.Options.MaxSendMessageSize,
            compress ? CompressionLevel.Fastest : null);
    }

    /// <summary>Ends the call by this exception unless it has ended; what the caller is to be thrown.</summary>
    private Exception Ended(Exception exception)
    {
        _lifetime.TryEnd(new CallEnd(HttpStatuses.Of(exception)));
        return _lifetime.ToException() ?? exception;
    }

    /// <summary>A caller may never look at a task that fails; it has the failure from another one.</summary>
    private static Task<T> Observed<T>(Task<T> task)
    {
        _ = task.ContinueWith(
            static failed => failed.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        return task;
    }
}
