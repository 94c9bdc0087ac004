using System.Collections.Immutable;
using Hephaestus.Server.Journal;
using Hephaestus.Server.Plans;
using Hephaestus.Server.Steps;
using Hephaestus.Server.Supervision;
using Microsoft.Extensions.Logging;

namespace Hephaestus.Server.Executions;

/// <summary>
/// Takes up what an earlier server left: reads the journal, asks the supervisor, looks at the files of attempts, and hands
/// every execution that has not ended, or of which something is held still, to the registry.
/// </summary>
internal sealed class Recovery(
    ExecutionJournal journal, SupervisorClient supervisor, StepRunner steps, PinnedLogs logs, Registry registry, ILogger<Recovery> logger)
{
    /// <summary>
    /// How far back in the journal remarks may be missing: a server writes them after each commit, and was killed with few
    /// commits under way.
    /// </summary>
    private const int LastEvents = 256;

    /// <summary>Runs once, before the server listens; gives the number of executions taken up.</summary>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var held = (await supervisor.ListAsync(cancellation)).Select(attempt => attempt.Key).ToHashSet();
        var known = held.Union(supervisor.Unsettled()).ToLookup(key => key.Execution);
        var unfinished = journal.Unfinished();

        // What ran before comes first, so that what waits finds out whose turn it is.
        var ids = unfinished.OrderBy(row => row.State == State.Queued).ThenBy(row => row.Id).Select(row => row.Id)
            .Union(known.Select(group => group.Key)).ToArray();
        foreach (var id in ids)
        {
            await TakeUpAsync(id, [.. known[id]], held);
        }

        CompleteLogs(ids);
        return ids.Length;
    }

    private async Task TakeUpAsync(uint id, ImmutableArray<StepKey> known, HashSet<StepKey> held)
    {
        if (Pinned(id) is { Row.LogKept: true } pinned)
        {
            var events = await WithLostStartsAsync(pinned, journal.EventsOf(id), known);
            var attempts = ExecutionFold.Of(events).Attempts;
            await registry.BeginAsync(pinned, events, [.. known.Select(AttemptOf).Intersect(attempts)], Task.CompletedTask);
            known = [.. known.Where(key => !attempts.Contains(AttemptOf(key)))];
        }

        foreach (var key in known)
        {
            await AbandonAsync(key, held.Contains(key));
        }
    }

    /// <summary>After another boot nothing starts by itself, so whatever has files has run before.</summary>
    private async Task<IReadOnlyList<ExecutionEvent>> WithLostStartsAsync(
        PinnedPlan pinned, IReadOnlyList<ExecutionEvent> events, ImmutableArray<StepKey> known)
    {
        var state = ExecutionFold.Of(events);
        var lost = state.HasEnded || pinned.Row.BootId == Boot.Id
            ? []
            : LostStarts.Of(state, [.. known.Select(AttemptOf), .. LostStarts.WithOutput(logs.DirectoryOf(state.Id))]);
        return lost.IsEmpty ? events : [.. events, .. await journal.AppendAsync(state.Id, lost)];
    }

    /// <summary>Of those that ended just before the last server did.</summary>
    private void CompleteLogs(uint[] takenUp)
    {
        foreach (var id in journal.Snapshot(view => view.Latest(LastEvents)).Except(takenUp))
        {
            if (Pinned(id) is { Row.LogKept: true } pinned)
            {
                logs.Complete(pinned, journal.EventsOf(id));
            }
        }
    }

    private PinnedPlan? Pinned(uint id) =>
        journal.Find(id) is { } row && journal.PlanText(id) is { } text && PlanParser.Parse(text.Span).Plan is { } plan
            ? new PinnedPlan(row, plan, text)
            : null;

    /// <summary>Power was lost, or the journal was moved away, and with it whose attempt this is.</summary>
    private async Task AbandonAsync(StepKey key, bool held)
    {
        if (held)
        {
            logger.LogError("{Attempt} runs, but the journal does not know it; its processes are left alone", key);
        }
        else
        {
            await steps.ReleaseAsync(key);
        }
    }

    private static AttemptKey AttemptOf(StepKey key) => new(key.Step, key.Attempt);
}
