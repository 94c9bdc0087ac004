using Grpc.Core;
using Grpc.Core.Interceptors;
using Hephaestus.Server.Streaming;

namespace Hephaestus.Server.Access;

/// <summary>
/// Stands before every call: finds out who makes it, and whether that may be. A stream ends when its caller may less or
/// more than at its beginning.
/// </summary>
internal sealed class AccessGuard(LiveAccess access) : Interceptor
{
    /// <summary>That a certificate has expired, nobody tells.</summary>
    private static readonly TimeSpan s_expiry = TimeSpan.FromMinutes(1);

    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        Admit(context, request);
        return continuation(request, context);
    }

    public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        ServerCallContext context,
        ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Admit(context, null);
        return continuation(requestStream, context);
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
        WatchedAsync(context, request, watched => continuation(request, responseStream, watched));

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        WatchedAsync(context, null, watched => continuation(requestStream, responseStream, watched));

    private Permissions Admit(ServerCallContext context, object? request)
    {
        var caller = access.Identify(context.GetHttpContext());
        // First, so that the audit knows who was refused.
        caller.Sign(context);
        var permissions = access.Admit(caller, context.Method, Rights.Of(context.Method, request));
        permissions.Sign(context);
        return permissions;
    }

    private async Task WatchedAsync(ServerCallContext context, object? request, Func<ServerCallContext, Task> call)
    {
        // Before the look at the rules, so that no change of them falls between the two.
        var (_, seen) = access.Changes.Current;
        var admitted = Admit(context, request);
        using var lapse = new Lapse(context.CancellationToken);
        var watching = WatchAsync(context, request, admitted, seen, lapse);
        try
        {
            await call(new GuardedContext(context, lapse.Token));
            lapse.ThrowIfEnded();
        }
        catch (Exception ended) when (ended is not RpcException)
        {
            lapse.ThrowIfEnded();
            throw;
        }
        finally
        {
            await lapse.EndAsync(null);
            await watching;
        }
    }

    /// <summary>Ends a call when its caller may not go on with it.</summary>
    private async Task WatchAsync(ServerCallContext context, object? request, Permissions at, long seen, Lapse lapse)
    {
        try
        {
            while (true)
            {
                await access.Changes.NextAsync(seen, s_expiry, lapse.Token);
                (_, seen) = access.Changes.Current;
                var right = Rights.Of(context.Method, request);
                var now = access.Admit(access.Identify(context.GetHttpContext()), context.Method, right);
                if (right?.Subjects.Length > 0 && !now.Allow(at))
                {
                    throw AccessRefusals.Changed();
                }
            }
        }
        catch (OperationCanceledException) when (lapse.Token.IsCancellationRequested)
        {
            // The call has ended by itself.
        }
        catch (Exception why)
        {
            // Where it cannot be found out whether the caller still may, it may not.
            await lapse.EndAsync(why as RpcException ?? Refusals.StorageFails());
        }
    }
}
