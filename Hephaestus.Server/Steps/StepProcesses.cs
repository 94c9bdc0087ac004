using System.Collections.Immutable;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Steps;

/// <summary>
/// Finds what belongs to an attempt. All that steps start stays below the supervisor, whatever session it is in and
/// whatever it did to its environment; whose it is, its session, its group, its environment and its open files tell.
/// </summary>
internal sealed class StepProcesses(StepRun run, SupervisorClient supervisor)
{
    /// <summary>Until what is in a control group, but cannot be seen, is taken for processes of another namespace.</summary>
    private const int MostLooks = 10;

    private readonly HeldFiles _files = supervisor.FilesOf(run.Key);

    /// <summary>
    /// Looks; and again where a control group has processes, but none that was found: they come and go.
    /// </summary>
    public async Task<FoundProcesses> FindAsync(CancellationToken cancellation)
    {
        var found = await LookAsync(cancellation);
        for (var again = 1; again < MostLooks && found is { Certain.IsEmpty: true, Evidence: Evidence.None }; again++)
        {
            found = await LookAsync(cancellation);
        }

        return found;
    }

    private async Task<FoundProcesses> LookAsync(CancellationToken cancellation)
    {
        // The supervisor is asked afterwards: what it was just starting has its entry in the list by then.
        var all = ProcessTable.Read().Where(process => process.Pid != Environment.ProcessId && process.Pid != supervisor.Pid).ToArray();
        var held = await supervisor.ListAsync(cancellation);
        var below = Below(all, all.Where(process => process.Parent == supervisor.Pid));
        var own = held.FirstOrDefault(attempt => attempt.Key == run.Key);
        var others = held.Where(attempt => attempt.Key != run.Key).ToArray();
        var leader = own ?? (supervisor.ProcessOf(run.Key) is { } known && ProcessTable.MayHold(known.StartTicks) ? known : null);
        var ours = Below(all, all.Where(process => IsOurs(process, leader, others)));
        var unclaimed = below
            .Where(process => own is not null && process.StartTicks >= own.StartTicks && !ours.Contains(process)
                && !others.Any(other => Leads(other, process)) && !CarriesAny(process)
                && leader?.Cgroup?.IsOfAttempts(process.Pid) != true)
            .ToImmutableArray();

        // Where nothing else has ever been, what nobody claims can be only this step's.
        var (certain, possible) = own is { Alone: true }
            ? ([.. ours, .. unclaimed], ImmutableArray<ProcessEntry>.Empty)
            : (ours, Below(unclaimed, unclaimed.Where(OfNobody)));
        return leader?.Cgroup is { } cgroup
            ? new([.. certain.UnionBy(Members(cgroup), process => process.Pid)], possible, EvidenceOf(cgroup), cgroup)
            : new(certain, possible, own is null ? Evidence.Marks : Evidence.Supervisor, null);

        bool OfNobody(ProcessEntry process) => process.Parent == supervisor.Pid;
    }

    private static Evidence EvidenceOf(StepCgroup cgroup) => cgroup.IsPopulated ? Evidence.None : Evidence.Cgroup;

    /// <summary>Looked at last: what was forked since the list was made is there.</summary>
    private IEnumerable<ProcessEntry> Members(StepCgroup cgroup) =>
        cgroup.Members().Where(pid => pid != supervisor.Pid && pid != Environment.ProcessId)
            .Select(ProcessTable.Find).OfType<ProcessEntry>();

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
/// <param name="Evidence">By what it would be known that nothing is left.</param>
/// <param name="Cgroup">Its control group; null: it has none of its own.</param>
internal sealed record FoundProcesses(
    ImmutableArray<ProcessEntry> Certain, ImmutableArray<ProcessEntry> Possible, Evidence Evidence, StepCgroup? Cgroup)
{
    /// <summary>Nothing that belongs to it for certain is left.</summary>
    public bool NothingIsLeft => Certain.IsEmpty && Evidence != Evidence.None;
}

/// <summary>By what it is known that nothing of an attempt is left.</summary>
internal enum Evidence
{
    /// <summary>It is not: its control group has processes.</summary>
    None,

    /// <summary>Its control group is empty.</summary>
    Cgroup,

    /// <summary>Its supervisor lives: nothing of it can be elsewhere than below that.</summary>
    Supervisor,

    /// <summary>Session, environment and open output alone.</summary>
    Marks,
}
