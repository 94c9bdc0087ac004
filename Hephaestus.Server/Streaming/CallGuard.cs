using Grpc.Core;
using Grpc.Core.Interceptors;
using Hephaestus.Server.Journal;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Hephaestus.Server.Streaming;

/// <summary>
/// Stands round every call: its token also ends when the server stops (otherwise a stop would wait for all streams), and
/// what a handler did not expect becomes a status that tells the caller nothing of our insides.
/// </summary>
internal sealed class CallGuard(IHostApplicationLifetime lifetime, ILogger<CallGuard> logger) : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
        GuardAsync(context, guarded => continuation(request, guarded));

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
        GuardAsync(context, guarded => Completed(continuation(request, new GuardedWriter<TResponse>(responseStream), guarded)));

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        GuardAsync(context, guarded => Completed(continuation(requestStream, new GuardedWriter<TResponse>(responseStream), guarded)));

    private static async Task<bool> Completed(Task call)
    {
        await call;
        return true;
    }

    private async Task<T> GuardAsync<T>(ServerCallContext context, Func<ServerCallContext, Task<T>> call)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        // By this name gRPC finds the request behind a context that is not its own; it makes the service from it.
        context.UserState["__HttpContext"] = context.GetHttpContext();
        try
        {
            return await call(new GuardedContext(context, either.Token));
        }
        catch (Exception fault) when (fault is not RpcException)
        {
            throw Meaning(fault, context);
        }
    }

    /// <summary>A cancelled write may end by an IOException as well; both are normal then, and only then.</summary>
    private RpcException Meaning(Exception fault, ServerCallContext context)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return Refusals.Stopping();
        }

        if (fault is ClientGoneException || context.CancellationToken.IsCancellationRequested)
        {
            return new RpcException(Status.DefaultCancelled);
        }

        logger.LogError(fault, "{Method} failed", context.Method);
        return fault is JournalException or IOException or UnauthorizedAccessException ? Refusals.StorageFails() : Refusals.Fault();
    }
}

/// <summary>A call's context with another token.</summary>
internal sealed class GuardedContext(ServerCallContext context, CancellationToken token) : ServerCallContext
{
    protected override string MethodCore => context.Method;

    protected override string HostCore => context.Host;

    protected override string PeerCore => context.Peer;

    protected override DateTime DeadlineCore => context.Deadline;

    protected override Metadata RequestHeadersCore => context.RequestHeaders;

    protected override CancellationToken CancellationTokenCore => token;

    protected override Metadata ResponseTrailersCore => context.ResponseTrailers;

    protected override Status StatusCore
    {
        get => context.Status;
        set => context.Status = value;
    }

    protected override WriteOptions? WriteOptionsCore
    {
        get => context.WriteOptions;
        set => context.WriteOptions = value;
    }

    protected override AuthContext AuthContextCore => context.AuthContext;

    protected override IDictionary<object, object> UserStateCore => context.UserState;

    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => context.WriteResponseHeadersAsync(responseHeaders);

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) =>
        context.CreatePropagationToken(options);
}
