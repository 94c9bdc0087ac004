using System.Collections.Immutable;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Steps;

/// <summary>
/// Finds what belongs to an attempt. All that steps start stays below the supervisor, whatever session it is in and
/// whatever it did to its environment; whose it is, its session, its group, its environment and its open files tell.
/// </summary>
internal sealed class StepProcesses(StepRun run, AttemptFiles files, SupervisorClient supervisor)
{
    /// <summary>Looks once.</summary>
    public async Task<FoundProcesses> FindAsync(CancellationToken cancellation)
    {
        var held = await supervisor.ListAsync(cancellation);
        var all = ProcessTable.Read().Where(process => process.Pid != Environment.ProcessId && process.Pid != supervisor.Pid).ToArray();
        var below = Below(all, all.Where(process => process.Parent == supervisor.Pid));
        var own = held.FirstOrDefault(attempt => attempt.Key == run.Key);
        var ours = Below(all, all.Where(process => IsOurs(process, own, below)));
        var unclaimed = below.Where(process => !ours.Contains(process) && own is not null && process.StartTicks >= own.StartTicks
            && !held.Any(attempt => Leads(attempt, process)) && !CarriesAny(process)).ToImmutableArray();

        // Where nothing else runs, what nobody claims can be only this step's.
        return held.Length <= 1 ? new([.. ours, .. unclaimed], []) : new([.. ours], Below(unclaimed, unclaimed.Where(OfNobody)));

        bool OfNobody(ProcessEntry process) => process.Parent == supervisor.Pid;
    }

    private bool IsOurs(ProcessEntry process, SupervisedAttempt? own, ImmutableArray<ProcessEntry> below) =>
        (own is not null && Leads(own, process) && below.Contains(process))
        || (ProcessTable.Carries(process.Pid, "HEPHAESTUS_INSTANCE", run.Instance)
            && ProcessTable.Carries(process.Pid, "HEPHAESTUS_STEP", run.Step.Name))
        || ProcessTable.Holds(process.Pid, files.OutFifo, files.ErrFifo);

    private static bool Leads(SupervisedAttempt attempt, ProcessEntry process) =>
        process.Pid == attempt.Pid || process.Session == attempt.Pid || process.Group == attempt.Pid;

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
/// <param name="Possible">Processes that may be its own or another running step's: nothing tells.</param>
internal sealed record FoundProcesses(ImmutableArray<ProcessEntry> Certain, ImmutableArray<ProcessEntry> Possible);
