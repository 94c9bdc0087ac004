using Grpc.Core;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Logs;
using Hephaestus.Server.Supervision;
using Wire = Hephaestus.Protocol;

namespace Hephaestus.Server.Streaming;

internal sealed partial class HephaestusService
{
    public override async Task FollowLog(
        Wire.FollowLogRequest request, IServerStreamWriter<Wire.LogUpdate> updates, ServerCallContext context)
    {
        var log = FindLog(request.Id);
        var whole = !request.UntilNow || log.State.HasEnded;
        try
        {
            await SendLogAsync(log, request.ToQuery(log), updates, context.CancellationToken);
        }
        catch (InvalidDataException damage)
        {
            throw Refusals.DamagedLog(request.Id, damage.Message);
        }
        catch (LogPositionException beyond)
        {
            throw Refusals.BeyondLog(beyond.Message, beyond.Next);
        }
        catch (IOException missing) when (missing.HResult == Libc.NoSuchFile)
        {
            throw Gone(request.Id);
        }

        if (whole && log.State is { HasEnded: true } ended)
        {
            await updates.WriteAsync(new Wire.LogUpdate { End = new Wire.LogEnd { State = ended.State } }, context.CancellationToken);
        }
    }

    private ArchivedLog FindLog(uint id)
    {
        try
        {
            var log = archive.Find(id) ?? throw Refusals.NoSuchExecution(id);
            return log.State.LogRemoved is { } removal ? throw Refusals.LogRemoved(id, removal) : log;
        }
        catch (InvalidDataException damage)
        {
            throw Refusals.DamagedLog(id, damage.Message);
        }
        catch (IOException missing) when (missing.HResult == Libc.NoSuchFile)
        {
            throw Gone(id);
        }
    }

    /// <summary>
    /// Why a log is not there: retention removes those of ended executions, operators do so by hand, and one that waits for
    /// space has none yet.
    /// </summary>
    private RpcException Gone(uint id) => Find(id) switch
    {
        { LogRemoved: { } removal } => Refusals.LogRemoved(id, removal),
        { HasEnded: true } => Refusals.LogGone(id),
        _ => Refusals.NotThereYet(id),
    };

    private static async Task SendLogAsync(
        ArchivedLog log, LogQuery query, IServerStreamWriter<Wire.LogUpdate> updates, CancellationToken cancellation)
    {
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await using var batches = log.ReadAsync(query, reading.Token).GetAsyncEnumerator(reading.Token);
        var more = batches.MoveNextAsync().AsTask();
        try
        {
            while (await Awaited(more, updates, cancellation))
            {
                await updates.WriteAsync(LogMessages.ToMessage(batches.Current, log), cancellation);
                more = batches.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            // An enumerator must not be disposed while it moves; a cancelled one comes to rest at once.
            await reading.CancelAsync();
            await ((Task)more).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Waits for the log to go on, with a heartbeat for each time it is silent for long.</summary>
    private static async Task<bool> Awaited(
        Task<bool> more, IServerStreamWriter<Wire.LogUpdate> updates, CancellationToken cancellation)
    {
        while (!more.IsCompleted)
        {
            await ((Task)more).WaitAsync(s_heartbeat, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!more.IsCompleted)
            {
                await updates.WriteAsync(new Wire.LogUpdate { Heartbeat = Heartbeat() }, cancellation);
            }
        }

        return await more;
    }
}
