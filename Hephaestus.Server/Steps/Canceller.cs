using System.Collections.Immutable;
using System.Globalization;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Steps;

/// <summary>
/// Ends a running attempt on order, because it was cancelled or took too long: SIGTERM, then, after the grace, SIGKILL, to all that belongs to it; looks again until
/// nothing is found twice, and says what it took.
/// </summary>
/// <param name="grace">
/// Between the order and SIGKILL, where a step has none of its own; restarts of the server do not prolong it.
/// </param>
internal sealed class Canceller(SupervisorClient supervisor, TimeSpan grace, TimeProvider clock)
{
    /// <summary>Rounds of SIGKILL at most: what forks faster than it is killed is named in the log.</summary>
    private const int MostRounds = 100;

    /// <summary>How long one round waits for the kernel to end what was killed.</summary>
    private static readonly TimeSpan s_round = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan s_longestTimer = TimeSpan.FromDays(40);

    /// <summary>What is to be said of it, in the order in which it happened.</summary>
    /// <param name="since">When the order came.</param>
    public async Task<ImmutableArray<ExecutionFact.Remark>> EndAsync(StepRun run, DateTimeOffset since, CancellationToken detach)
    {
        CrashPoint.Reach("cancelling");
        var processes = new StepProcesses(run, supervisor);
        var patience = run.Step.Grace ?? grace;
        var asked = await AskAsync(processes, since + patience, detach);
        CrashPoint.Reach("terminated");
        var killed = await KillAsync(processes, detach);
        CrashPoint.Reach("killed");
        var left = await processes.FindAsync(detach);
        return [.. Remarks(run.Step.Name, patience, asked, killed, left)];
    }

    /// <summary>SIGTERM to all, also to what turns up later, until nothing is left or the time has come.</summary>
    private async Task<ImmutableArray<ProcessEntry>> AskAsync(StepProcesses processes, DateTimeOffset until, CancellationToken detach)
    {
        var asked = ImmutableArray<ProcessEntry>.Empty;
        while (until - clock.GetUtcNow() is { Ticks: > 0 } patience
            && (await processes.FindAsync(detach)).Certain is { IsEmpty: false } found)
        {
            var news = found.ExceptBy(asked.Select(process => process.Pid), process => process.Pid).ToImmutableArray();
            Signal(news, Libc.SIGTERM);
            asked = asked.AddRange(news);
            await EndsAsync(found, patience < s_longestTimer ? patience : s_longestTimer, detach);
        }

        return asked;
    }

    private async Task<ImmutableArray<ProcessEntry>> KillAsync(StepProcesses processes, CancellationToken detach)
    {
        var killed = ImmutableArray<ProcessEntry>.Empty;
        for (var (round, nothing) = (0, 0); round < MostRounds && nothing < 2; round++)
        {
            var found = await processes.FindAsync(detach);
            nothing = found.NothingIsLeft ? nothing + 1 : 0;
            Kill(found);
            killed = killed.AddRange(found.Certain.ExceptBy(killed.Select(process => process.Pid), process => process.Pid));
            await EndsAsync(found.Certain, s_round, detach);
        }

        return killed;
    }

    /// <summary>All of the control group at once, and each process: some may have left that, or the kernel be too old.</summary>
    private void Kill(FoundProcesses found)
    {
        if (found.Cgroup is { } cgroup && !cgroup.Members().Contains(supervisor.Pid))
        {
            cgroup.Kill();
        }

        Signal(found.Certain, Libc.SIGKILL);
    }

    private static void Signal(ImmutableArray<ProcessEntry> processes, int signal)
    {
        foreach (var process in processes)
        {
            using var opened = Libc.OpenProcess(process.Pid);
            if (opened is not null && ProcessTable.StartOf(process.Pid) == process.StartTicks)
            {
                Libc.Signal(opened, signal);
            }
        }
    }

    /// <summary>Completes when all have ended, or the time is up.</summary>
    private static async Task EndsAsync(ImmutableArray<ProcessEntry> processes, TimeSpan patience, CancellationToken detach)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(detach);
        waiting.CancelAfter(patience);
        await Task.WhenAll(processes.Select(process => EndAsync(process, waiting.Token)))
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        detach.ThrowIfCancellationRequested();
    }

    private static async Task EndAsync(ProcessEntry process, CancellationToken cancellation)
    {
        using var opened = Libc.OpenProcess(process.Pid);
        if (opened is not null && ProcessTable.StartOf(process.Pid) == process.StartTicks)
        {
            await ProcessWatch.ReadableAsync(opened, cancellation);
        }
    }

    private static string Means(FoundProcesses found) => found.Evidence switch
    {
        Evidence.Cgroup => "its control group is empty",
        Evidence.Supervisor => "looked for below the supervisor, by session, environment and open output",
        _ => "its supervisor was killed: looked for by session, environment and open output alone",
    };

    private static IEnumerable<ExecutionFact.Remark> Remarks(
        string step, TimeSpan patience, ImmutableArray<ProcessEntry> asked, ImmutableArray<ProcessEntry> killed, FoundProcesses left)
    {
        if (!asked.IsEmpty)
        {
            yield return new ExecutionFact.Remark($"Step '{step}': SIGTERM sent to {LeftBehind.Named(asked)}", true);
        }

        if (!killed.IsEmpty)
        {
            yield return new ExecutionFact.Remark(string.Create(
                CultureInfo.InvariantCulture,
                $"Step '{step}': SIGKILL sent after {patience.TotalSeconds:0.#} s to {LeftBehind.Named(killed)}"), true);
        }

        yield return left switch
        {
            { NothingIsLeft: true, Possible.IsEmpty: true } => new ExecutionFact.Remark(
                $"Step '{step}': nothing of it is left ({Means(left)})", false),
            { NothingIsLeft: true } => new ExecutionFact.Remark(
                $"Step '{step}': may still be running, nothing tells whose they are: {LeftBehind.Named(left.Possible)}", true),
            _ => new ExecutionFact.Remark($"Step '{step}': still running, though killed: {LeftBehind.Named(left.Certain)}", true),
        };
    }
}
