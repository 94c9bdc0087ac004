using System.Collections.Concurrent;
using System.Reactive.Linq;
using System.Reactive.Threading.Tasks;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Logs;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Steps;

/// <summary>Runs attempts: has the supervisor start them, pumps their output, tells how they ended.</summary>
internal sealed class StepRunner(SupervisorClient supervisor, Pump pump, LogStore logs, Canceller canceller)
{
    private static readonly TimeSpan s_refusalPause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<StepKey, PumpedAttempt> _pumped = new();

    /// <summary>
    /// An attempt as a cold observable of its facts: subscribing starts it, or adopts it where it already runs;
    /// disposing detaches from it.
    /// </summary>
    public IObservable<ExecutionFact> Run(StepRun run, IObservable<CancelOrder> cancelled) =>
        Observable.Create<ExecutionFact>((facts, detach) => RunAsync(run, cancelled, facts, detach));

    /// <summary>
    /// To be called when an attempt's end is journalled: waits for late output, then lets go of all that was held for
    /// it. Can be repeated, also by another server.
    /// </summary>
    /// <returns>What is to be said of processes that it left behind; null: nothing.</returns>
    public async Task<ExecutionFact.Remark?> SettleAsync(StepRun run)
    {
        var files = Files(run);
        ExecutionFact.Remark? remark = null;
        if (File.Exists(files.OutFifo) && File.Exists(files.ErrFifo))
        {
            var pumped = _pumped.TryRemove(run.Key, out var known) ? known : Attach(run, late: true);
            var late = await pumped.Finished;
            remark = late.StillHeld ? LeftBehind.Remark(run.Step.Name, files) : null;
        }

        CrashPoint.Reach("settling");
        await supervisor.DrainedAsync(run.Key, CancellationToken.None);
        CrashPoint.Reach("told");
        File.Delete(files.OutFifo);
        File.Delete(files.ErrFifo);
        File.Delete(files.Status);
        return remark;
    }

    private async Task RunAsync(
        StepRun run, IObservable<CancelOrder> cancelled, IObserver<ExecutionFact> facts, CancellationToken detach)
    {
        var order = cancelled.ToTask(detach);
        var end = order.IsCompletedSuccessfully && !await supervisor.IsKnownAsync(run.Key, detach)
            ? NeverStarted(run, Outcomes.CancelledBeforeStart(await order))
            : await StartAsync(run, detach) switch
            {
                SpawnAnswer.CouldNotStart failed => NeverStarted(run, Outcomes.CouldNotStart(failed.Reason)),
                SpawnAnswer.Started started => await FollowAsync(run, started.Pid, order, facts, detach),
                var answer => throw new InvalidOperationException($"The supervisor answers a start with {answer}."),
            };
        facts.OnNext(end);
    }

    /// <summary>Asks until there is an answer: what is refused for want of space or descriptors waits for them.</summary>
    private async Task<SpawnAnswer> StartAsync(StepRun run, CancellationToken detach)
    {
        var request = new SpawnRequest(
            run.Key,
            Files(run),
            [Shell.Path, "-c", run.Step.Command],
            CommandEnvironment.Of(run),
            run.Step.User,
            run.Step.WorkingDirectory);
        SpawnAnswer answer;
        while ((answer = await supervisor.StartAsync(request, detach)) is SpawnAnswer.Refused)
        {
            await Task.Delay(s_refusalPause, detach);
        }

        CrashPoint.Reach("spawned");
        return answer;
    }

    private async Task<ExecutionFact> FollowAsync(
        StepRun run, int pid, Task<CancelOrder> order, IObserver<ExecutionFact> facts, CancellationToken detach)
    {
        if (pid != run.KnownPid)
        {
            facts.OnNext(new ExecutionFact.StepStarted(run.Key.Step, run.Key.Attempt, pid));
        }

        var pumped = _pumped[run.Key] = Attach(run, late: false);
        var exit = supervisor.ExitOf(run.Key);
        if (await Task.WhenAny(exit, order) == order)
        {
            foreach (var remark in await canceller.EndAsync(run, Files(run), await order, detach))
            {
                facts.OnNext(remark);
            }
        }

        var ended = await exit.WaitAsync(detach);
        CrashPoint.Reach("ended");
        var lengths = await pumped.DrainAsync().WaitAsync(detach);
        CrashPoint.Reach("drained");
        var outcome = Outcomes.Of(ended, order.IsCompletedSuccessfully ? await order : null);
        return new ExecutionFact.StepEnded(run.Key.Step, run.Key.Attempt, outcome, lengths.Out, lengths.Err, ended.Ended);
    }

    private PumpedAttempt Attach(StepRun run, bool late)
    {
        var files = Files(run);
        return pump.Attach(
            run.Log,
            new PumpedOutput(new LogFile(LogSource.Out(run.Ordinal), files.Out), files.OutFifo),
            new PumpedOutput(new LogFile(LogSource.Err(run.Ordinal), files.Err), files.ErrFifo),
            late);
    }

    private AttemptFiles Files(StepRun run) => new(logs.DirectoryOf(run.Key.Execution), run.Key.Step, run.Key.Attempt);

    private static ExecutionFact.StepEnded NeverStarted(StepRun run, Outcome outcome) =>
        new ExecutionFact.StepEnded(run.Key.Step, run.Key.Attempt, outcome, 0, 0, DateTimeOffset.UtcNow);
}
