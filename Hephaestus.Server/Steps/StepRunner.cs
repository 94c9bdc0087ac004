using System.Collections.Concurrent;
using System.Reactive.Disposables;
using System.Reactive.Linq;
using System.Reactive.Threading.Tasks;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Facts;
using Hephaestus.Server.Logs;
using Hephaestus.Server.Supervision;
using Microsoft.Extensions.Logging;

namespace Hephaestus.Server.Steps;

/// <summary>Runs attempts: has the supervisor start them, pumps their output, tells how they ended.</summary>
internal sealed class StepRunner(
    SupervisorClient supervisor, Pump pump, LogStore logs, Canceller canceller, Waits waits, ILogger<StepRunner> logger)
{
    private const string NotTaken = "its output is not taken yet";

    /// <summary>Nothing tells when there is space or a descriptor again.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    /// <summary>Timers count whole ones.</summary>
    private static readonly TimeSpan s_clockTick = TimeSpan.FromMilliseconds(1);

    private readonly ConcurrentDictionary<StepKey, PumpedAttempt> _pumped = new();

    /// <summary>
    /// An attempt as a cold observable of its facts: subscribing starts it, or adopts it where it already runs;
    /// disposing detaches from it.
    /// </summary>
    public IObservable<ExecutionFact> Run(StepRun run, IObservable<CancelOrder> cancelled) =>
        Observable.Create<ExecutionFact>((facts, detach) => RunAsync(run, cancelled, facts, detach));

    /// <summary>What an attempt that has not ended waits for at this moment; null: for nothing.</summary>
    public string? WaitsFor(StepKey key) =>
        waits.Of(key) ?? (_pumped.GetValueOrDefault(key)?.Stall is { } reason ? $"{NotTaken}: {reason}" : null);

    /// <summary>
    /// To be called when an attempt's end is journalled: waits for late output. Can be repeated, also by another server.
    /// </summary>
    /// <returns>What is to be said of processes that it left behind; null: nothing.</returns>
    public async Task<ExecutionFact.Remark?> FinishAsync(StepRun run)
    {
        var files = supervisor.FilesOf(run.Key);
        if (!files.HaveFifos)
        {
            return null;
        }

        var pumped = _pumped.TryRemove(run.Key, out var known) ? known : await AttachAsync(run, late: true, CancellationToken.None);
        var late = await pumped.Finished;
        return late.StillHeld ? LeftBehind.Remark(run.Step.Name, files) : null;
    }

    /// <summary>
    /// To be called when all that an attempt printed is in its log: lets go of what was held for it. Can be repeated, also
    /// by another server.
    /// </summary>
    public async Task ReleaseAsync(StepKey key)
    {
        CrashPoint.Reach("settling");
        await supervisor.DrainedAsync(key, CancellationToken.None);
        CrashPoint.Reach("told");
        supervisor.FilesOf(key).Remove();
        CrashPoint.Reach("unlinked");
    }

    private async Task RunAsync(
        StepRun run, IObservable<CancelOrder> cancelled, IObserver<ExecutionFact> facts, CancellationToken detach)
    {
        var order = cancelled.ToTask(detach);
        using var fifos = new HeldFifos(supervisor.FilesOf(run.Key));
        facts.OnNext(await StartAsync(run, fifos, order, detach) switch
        {
            SpawnAnswer.Started started => await FollowAsync(run, started.Pid, fifos, order, facts, detach),
            SpawnAnswer.CouldNotStart failed => NeverStarted(run, Outcomes.CouldNotStart(failed.Reason)),
            _ => NeverStarted(run, Outcomes.CancelledBeforeStart(await order)),
        });
    }

    /// <summary>
    /// Asks until there is an answer: what is refused for want of space or descriptors waits for them, and is given up
    /// when it is cancelled meanwhile.
    /// </summary>
    private async Task<SpawnAnswer> StartAsync(StepRun run, HeldFifos fifos, Task<CancelOrder> order, CancellationToken detach)
    {
        var request = new SpawnRequest(
            run.Key, [Shell.Path, "-c", run.Step.Command], CommandEnvironment.Of(run), run.Step.User, run.Step.WorkingDirectory);
        using var waiting = Disposable.Create(() => waits.Remove(run.Key));
        while (true)
        {
            if (order.IsCompletedSuccessfully && !await supervisor.IsStartedAsync(run.Key, detach))
            {
                return new SpawnAnswer.Refused("cancelled");
            }

            var answer = await AskAsync(request, fifos, detach);
            if (answer is not SpawnAnswer.Refused refused)
            {
                CrashPoint.Reach("spawned");
                return answer;
            }

            Say(run, "it cannot be started", refused.Reason);
            await Task.WhenAny(order, Task.Delay(s_pause, detach));
            detach.ThrowIfCancellationRequested();
        }
    }

    private async Task<SpawnAnswer> AskAsync(SpawnRequest request, HeldFifos fifos, CancellationToken detach)
    {
        try
        {
            fifos.Hold();
        }
        catch (IOException fault)
        {
            return new SpawnAnswer.Refused(fault.Message);
        }

        CrashPoint.Reach("fifos-made");
        return await supervisor.StartAsync(request, detach);
    }

    private async Task<ExecutionFact> FollowAsync(
        StepRun run, int pid, HeldFifos fifos, Task<CancelOrder> order, IObserver<ExecutionFact> facts, CancellationToken detach)
    {
        if (pid != run.KnownPid)
        {
            facts.OnNext(new ExecutionFact.StepStarted(run.Key.Step, run.Key.Attempt, pid));
        }

        var pumped = _pumped[run.Key] = await AttachAsync(run, late: false, detach);
        fifos.Dispose();
        var exit = supervisor.ExitOf(run.Key);
        var end = await EndOrderAsync(run, exit, order, facts, detach);
        if (end is not null && (!exit.IsCompleted || Outcomes.CameFirst(end, await exit)))
        {
            // Also where the process itself has gone: what it left must not stay, though a server died over it.
            foreach (var remark in await canceller.EndAsync(run, end.At, detach))
            {
                facts.OnNext(remark);
            }
        }

        var ended = await exit.WaitAsync(detach);
        CrashPoint.Reach("ended");
        var lengths = await pumped.DrainAsync().WaitAsync(detach);
        CrashPoint.Reach("drained");
        var outcome = Outcomes.Of(ended, end);
        return new ExecutionFact.StepEnded(run.Key.Step, run.Key.Attempt, outcome, lengths.Out, lengths.Err, ended.Ended);
    }

    /// <summary>Waits until the process has ended, or is to be ended; why, or null.</summary>
    private async Task<EndOrder?> EndOrderAsync(
        StepRun run, Task<StepExit> exit, Task<CancelOrder> order, IObserver<ExecutionFact> facts, CancellationToken detach)
    {
        var unseen = supervisor.EndedUnseen(run.Key);
        for (var said = false; ;)
        {
            var end = EndOrder.First(order.IsCompletedSuccessfully ? await order : null, run.Deadline, DateTimeOffset.UtcNow);
            if (end is not null || exit.IsCompleted)
            {
                return end;
            }

            if (unseen.IsCompleted && !said)
            {
                facts.OnNext(LeftBehind.Unseen(run.Step.Name));
                said = true;
            }

            using var waiting = CancellationTokenSource.CreateLinkedTokenSource(detach);
            await Task.WhenAny([exit, order, .. said ? [] : new[] { unseen }, .. Due(run.Deadline, waiting.Token)]);
            await waiting.CancelAsync();
            detach.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Nothing, for a step that has all the time.</summary>
    private static IEnumerable<Task> Due(AttemptDeadline? deadline, CancellationToken cancellation)
    {
        if (deadline is not null)
        {
            // A timer may go off before the clock has reached its time, and the clock may be set back.
            var rest = deadline.At - DateTimeOffset.UtcNow + s_clockTick;
            yield return Task.Delay(rest < TimeSpan.Zero ? TimeSpan.Zero : rest, cancellation);
        }
    }

    /// <summary>Where there is no descriptor left, output waits in the FIFOs until there is.</summary>
    private async Task<PumpedAttempt> AttachAsync(StepRun run, bool late, CancellationToken detach)
    {
        using var waiting = Disposable.Create(() => waits.Remove(run.Key));
        while (true)
        {
            try
            {
                return Attach(run, late);
            }
            catch (IOException fault)
            {
                Say(run, NotTaken, fault.Message);
                await Task.Delay(s_pause, detach);
            }
        }
    }

    /// <summary>Each reason once: it is tried each second.</summary>
    private void Say(StepRun run, string what, string reason)
    {
        if (waits.Add(run.Key, what, reason))
        {
            logger.LogWarning("Execution {Id}, step '{Step}' waits, {What}: {Reason}", run.Key.Execution, run.Step.Name, what, reason);
        }
    }

    private PumpedAttempt Attach(StepRun run, bool late)
    {
        var held = supervisor.FilesOf(run.Key);
        var files = new AttemptFiles(logs.DirectoryOf(run.Key.Execution), run.Key.Step, run.Key.Attempt);
        return pump.Attach(
            run.Log,
            new PumpedOutput(new LogFile(LogSource.Out(run.Ordinal), files.Out), held.OutFifo),
            new PumpedOutput(new LogFile(LogSource.Err(run.Ordinal), files.Err), held.ErrFifo),
            late);
    }

    private static ExecutionFact.StepEnded NeverStarted(StepRun run, Outcome outcome) =>
        new(run.Key.Step, run.Key.Attempt, outcome, 0, 0, DateTimeOffset.UtcNow);
}
