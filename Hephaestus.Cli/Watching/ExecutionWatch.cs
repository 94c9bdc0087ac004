using System.Runtime.CompilerServices;
using Grpc.Core;
using Hephaestus.Cli.Connection;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Watching;

/// <summary>Executions as they change, each event once, whatever happens to the connection.</summary>
internal static class ExecutionWatch
{
    /// <summary>
    /// A snapshot, then each event; heartbeats too. Another snapshot comes where the server cannot tell any more what
    /// happened while the connection was broken.
    /// </summary>
    /// <exception cref="RpcException">The server refused, was never there, or has been away for too long.</exception>
    public static async IAsyncEnumerable<ExecutionUpdate> WatchAsync(
        this Session session, WatchExecutionsRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var next = request.Clone();
        var stream = new StreamCall<ExecutionUpdate>(() => session.Client.WatchExecutions(next, cancellationToken: cancellation))
        {
            Recover = fault => BeginAnew(session, next, fault),
        };
        await foreach (var update in session.Patience.ReadAsync(stream, cancellation))
        {
            yield return update;
            next.AfterSequence = update.UpdateCase switch
            {
                ExecutionUpdate.UpdateOneofCase.Snapshot => update.Snapshot.Sequence,
                ExecutionUpdate.UpdateOneofCase.Event => update.Event.Sequence,
                _ => Math.Max(next.AfterSequence, update.Heartbeat?.Sequence ?? 0),
            };
        }
    }

    /// <summary>The execution when it has ended.</summary>
    /// <exception cref="RpcException">The server refused, was never there, or has been away for too long.</exception>
    public static async Task<State> EndOfAsync(this Session session, uint id)
    {
        await foreach (var update in session.WatchAsync(new WatchExecutionsRequest { Id = id }, session.Cancellation))
        {
            if (EndIn(update, id) is { } end)
            {
                return end;
            }
        }

        throw new InvalidOperationException("a watch has no end");
    }

    private static State? EndIn(ExecutionUpdate update, uint id) => update.UpdateCase switch
    {
        ExecutionUpdate.UpdateOneofCase.Snapshot => EndOf(
            update.Snapshot.Executions.FirstOrDefault(execution => execution.Id == id)
            ?? throw new RpcException(new Status(StatusCode.NotFound, $"the server knows no execution {id} any more"))),
        ExecutionUpdate.UpdateOneofCase.Event => update.Event.Ended?.State,
        _ => null,
    };

    private static State? EndOf(Execution execution) => execution.Ended is null ? null : execution.State;

    private static bool BeginAnew(Session session, WatchExecutionsRequest request, RpcException fault)
    {
        if (fault.StatusCode != StatusCode.OutOfRange || !request.HasAfterSequence)
        {
            return false;
        }

        session.Screen.Say($"{session.Describe(fault)}; what happened meanwhile is lost");
        request.ClearAfterSequence();
        return true;
    }
}
