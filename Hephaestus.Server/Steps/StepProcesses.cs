using System.Collections.Immutable;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Steps;

/// <summary>
/// Finds what belongs to an attempt. All that steps start stays below the supervisor, whatever session it is in and
/// whatever it did to its environment; whose it is, its session, its group, its environment and its open files tell.
/// </summary>
internal sealed class StepProcesses(StepRun run, SupervisorClient supervisor)
{
    private readonly HeldFiles _files = supervisor.FilesOf(run.Key);

    /// <summary>Looks once.</summary>
    public async Task<FoundProcesses> FindAsync(CancellationToken cancellation)
    {
        // The supervisor is asked afterwards: what it was just starting has its entry in the list by then.
        var all = ProcessTable.Read().Where(process => process.Pid != Environment.ProcessId && process.Pid != supervisor.Pid).ToArray();
        var held = await supervisor.ListAsync(cancellation);
        var below = Below(all, all.Where(process => process.Parent == supervisor.Pid));
        var own = held.FirstOrDefault(attempt => attempt.Key == run.Key);
        var others = held.Where(attempt => attempt.Key != run.Key).ToArray();
        var leader = own ?? supervisor.ProcessOf(run.Key);
        var ours = Below(all, all.Where(process => IsOurs(process, leader, others)));
        var unclaimed = below.Where(process => own is not null && process.StartTicks >= own.StartTicks && !ours.Contains(process)
            && !others.Any(other => Leads(other, process)) && !CarriesAny(process)).ToImmutableArray();

        // Where nothing else has ever been, what nobody claims can be only this step's.
        return own is { Alone: true }
            ? new([.. ours, .. unclaimed], [], true)
            : new([.. ours], Below(unclaimed, unclaimed.Where(OfNobody)), own is not null);

        bool OfNobody(ProcessEntry process) => process.Parent == supervisor.Pid;
    }

    private bool IsOurs(ProcessEntry process, SupervisedAttempt? own, SupervisedAttempt[] others) =>
        (own is not null && Leads(own, process) && !others.Any(other => other.Pid == own.Pid))
        || (ProcessTable.Carries(process.Pid, "HEPHAESTUS_INSTANCE", run.Instance)
            && ProcessTable.Carries(process.Pid, "HEPHAESTUS_STEP", run.Step.Name))
        || ProcessTable.Writes(process.Pid, _files.OutFifo, _files.ErrFifo);

    /// <summary>By its ids, as long as the attempt has them: the kernel gives one out again when nothing bears it any more.</summary>
    private static bool Leads(SupervisedAttempt attempt, ProcessEntry process) => process.Pid == attempt.Pid
        ? process.StartTicks == attempt.StartTicks
        : (process.Session == attempt.Pid || process.Group == attempt.Pid) && process.StartTicks >= attempt.StartTicks;

    private static bool CarriesAny(ProcessEntry process) => ProcessTable.Carries(process.Pid, "HEPHAESTUS_INSTANCE");

    /// <summary>The roots and all that descends from them.</summary>
    private static ImmutableArray<ProcessEntry> Below(IReadOnlyCollection<ProcessEntry> all, IEnumerable<ProcessEntry> roots)
    {
        var children = all.ToLookup(process => process.Parent);
        var found = roots.ToList();
        var known = found.Select(process => process.Pid).ToHashSet();
        for (var next = 0; next < found.Count; next++)
        {
            found.AddRange(children[found[next].Pid].Where(child => known.Add(child.Pid)));
        }

        return [.. found];
    }
}

/// <summary>What was found of an attempt.</summary>
/// <param name="Certain">Its processes.</param>
/// <param name="Possible">Processes that may be its own or another step's: nothing tells.</param>
/// <param name="Supervised">Its supervisor lives: nothing of it can be elsewhere than below that.</param>
internal sealed record FoundProcesses(ImmutableArray<ProcessEntry> Certain, ImmutableArray<ProcessEntry> Possible, bool Supervised);
