using Grpc.Core;
using Grpc.Core.Interceptors;
using Hephaestus.Server.Journal;
using Hephaestus.Server.Streaming;

namespace Hephaestus.Server.Audit;

/// <summary>
/// Stands round all other guards, and so sees how each call ends: what changed something, or was to, is in the journal before
/// it is answered, and so is who was refused for want of right.
/// </summary>
internal sealed class AuditGuard(AuditLog audit, TimeProvider clock) : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
        WatchAsync(context, request, () => continuation(request, context));

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
        WatchAsync(context, request, () => Completed(continuation(request, responseStream, context)));

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        WatchAsync(context, null, () => Completed(continuation(requestStream, responseStream, context)));

    private static async Task<object?> Completed(Task call)
    {
        await call;
        return null;
    }

    private async Task<TResponse> WatchAsync<TResponse>(ServerCallContext context, object? request, Func<Task<TResponse>> answer)
    {
        var call = AuditedCall.Begin(context, request, clock.GetUtcNow());
        try
        {
            var response = await answer();
            await DoneAsync(context, call, response);
            return response;
        }
        catch (RpcException refusal)
        {
            await RefusedAsync(context, call, refusal.Status);
            throw;
        }
    }

    /// <exception cref="RpcException">UNAVAILABLE: it cannot be recorded.</exception>
    private async Task DoneAsync(ServerCallContext context, AuditedCall call, object? response)
    {
        if (!call.Changes || call.IsRecorded)
        {
            return;
        }

        try
        {
            await audit.AddAsync(call.Entry(context, call.Done(response)));
        }
        catch (Exception fault) when (fault is JournalException or ObjectDisposedException)
        {
            throw Refusals.StorageFails();
        }
    }

    private Task RefusedAsync(ServerCallContext context, AuditedCall call, Status status) =>
        (call.Changes && !call.IsRecorded) || status.StatusCode is StatusCode.Unauthenticated or StatusCode.PermissionDenied
            ? audit.AddRefusedAsync(call.Entry(context, new AuditOutcome(status.StatusCode, status.Detail)))
            : Task.CompletedTask;
}
