using System.Collections.Immutable;
using Hephaestus.Server.Journal;
using Hephaestus.Server.Logs;
using Hephaestus.Server.Plans;
using Hephaestus.Server.Supervision;
using Microsoft.Extensions.Logging;

namespace Hephaestus.Server.Executions;

/// <summary>
/// Takes up what an earlier server left: reads the journal, asks the supervisor, repairs logs, and hands every
/// execution that has not ended, or whose output may still grow, to the registry.
/// </summary>
internal sealed class Recovery(
    ExecutionJournal journal,
    LogStore logs,
    SupervisorClient supervisor,
    Registry registry,
    ILogger<Recovery> logger)
{
    /// <summary>Runs once, before the server listens; gives the number of executions taken up.</summary>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var processes = await supervisor.ListAsync(cancellation);
        var known = processes.ToLookup(process => process.Key.Execution, process => Attempt(process.Key));
        var unfinished = journal.Unfinished().Select(row => row.Id);
        var ids = unfinished.Union(known.Select(group => group.Key)).Order().ToArray();
        foreach (var id in ids)
        {
            await TakeUpAsync(id, [.. known[id]]);
        }

        return ids.Length;
    }

    private static AttemptKey Attempt(StepKey key) => new(key.Step, key.Attempt);

    private async Task TakeUpAsync(uint id, ImmutableArray<AttemptKey> known)
    {
        if (journal.Find(id) is not { } row || PlanParser.Parse(row.PlanText.Span).Plan is not { } plan)
        {
            logger.LogError("Execution {Id} of the supervisor is not in the journal; its processes are left alone", id);
            return;
        }

        var events = journal.EventsOf(id);
        var state = ExecutionFold.Of(events);
        var log = Open(row, state);
        Remarks.Write(log, events);
        var live = registry.Take(new PinnedPlan(row, plan), log, state);
        if (!state.HasEnded && row.BootId != Boot.Id)
        {
            await live.CommitAsync(Course.AfterReboot(state, DateTimeOffset.UtcNow));
        }

        registry.Resume(live, known.Where(attempt => !Runs(live.State, attempt)));
    }

    private ExecutionLog Open(ExecutionRow row, ExecutionState state)
    {
        logs.Prepare(row.Id, row.PlanText);
        return logs.Open(row.Id, state);
    }

    private static bool Runs(ExecutionState state, AttemptKey attempt) =>
        state.Step(attempt.Step) is { State: State.Running } step && step.Attempts == attempt.Attempt;
}
