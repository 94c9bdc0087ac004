using System.Collections.Immutable;
using Hephaestus.Server.Journal;
using Hephaestus.Server.Plans;
using Hephaestus.Server.Supervision;
using Microsoft.Extensions.Logging;

namespace Hephaestus.Server.Executions;

/// <summary>
/// Takes up what an earlier server left: reads the journal, asks the supervisor, and hands every execution that has not
/// ended, or whose output may still grow, to the registry.
/// </summary>
internal sealed class Recovery(ExecutionJournal journal, SupervisorClient supervisor, Registry registry, ILogger<Recovery> logger)
{
    /// <summary>Runs once, before the server listens; gives the number of executions taken up.</summary>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var held = await supervisor.ListAsync(cancellation);
        var known = held.ToLookup(attempt => attempt.Key.Execution, attempt => new AttemptKey(attempt.Key.Step, attempt.Key.Attempt));
        var ids = journal.Unfinished().Select(row => row.Id).Union(known.Select(group => group.Key)).Order().ToArray();
        foreach (var id in ids)
        {
            await TakeUpAsync(id, [.. known[id]]);
        }

        return ids.Length;
    }

    private async Task TakeUpAsync(uint id, ImmutableArray<AttemptKey> known)
    {
        if (journal.Find(id) is { } row && journal.PlanText(id) is { } text && PlanParser.Parse(text.Span).Plan is { } plan)
        {
            await registry.BeginAsync(new PinnedPlan(row, plan, text), journal.EventsOf(id), known);
        }
        else
        {
            logger.LogError("Execution {Id} runs, but the journal does not know it; its processes are left alone", id);
        }
    }
}
