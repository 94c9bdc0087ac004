using System.Collections.Immutable;

namespace Hephaestus.Server.Executions;

/// <summary>Folds events into a state: the only way in which a state changes.</summary>
internal static class ExecutionFold
{
    /// <summary>The state after all events of an execution, from its first on.</summary>
    public static ExecutionState Of(IEnumerable<ExecutionEvent> events) =>
        events.Aggregate((ExecutionState?)null, Apply) ?? throw new ArgumentException("An execution has at least one event.");

    /// <summary>The state after some more events.</summary>
    public static ExecutionState Apply(this ExecutionState state, ImmutableArray<ExecutionEvent> events) =>
        events.Aggregate(state, (folded, next) => Apply(folded, next));

    /// <summary>The state if these facts were journalled: to see what would follow from them.</summary>
    public static ExecutionState Assuming(this ExecutionState state, ImmutableArray<ExecutionFact> facts, DateTimeOffset now) =>
        facts.Aggregate(state, (folded, fact) =>
            Apply(folded, new ExecutionEvent(state.Sequence, state.Id, state.Set, state.Plan, now, fact)));

    /// <summary>The state after one more event; the first must be <see cref="ExecutionFact.Accepted"/>.</summary>
    public static ExecutionState Apply(ExecutionState? state, ExecutionEvent happened)
    {
        var next = happened.Fact is ExecutionFact.Accepted accepted
            ? Begin(happened, accepted)
            : Change(state ?? throw new ArgumentException("An execution begins by being accepted."), happened);
        return next with { Sequence = happened.Sequence };
    }

    private static ExecutionState Begin(ExecutionEvent happened, ExecutionFact.Accepted accepted) => new(
        happened.Execution,
        accepted.Set,
        accepted.Plan,
        accepted.TagId,
        State.Queued,
        [.. accepted.Steps.Select(outline => Begin(outline, accepted.Kept.FirstOrDefault(kept => kept.Step == outline.Number)))],
        [],
        happened.Time,
        null,
        null,
        null,
        false,
        happened.Sequence)
    {
        Parameters = accepted.Parameters,
        Resumes = accepted.Resumes,
        StartedBy = accepted.By,
    };

    private static StepProgress Begin(StepOutline outline, KeptStep? kept) => kept is null
        ? new StepProgress(outline, State.Pending, 0, 0, null, null, null)
        : new StepProgress(outline, kept.Outcome.State, 0, 0, kept.Outcome, kept.Started, kept.Ended);

    private static ExecutionState Change(ExecutionState state, ExecutionEvent happened) => happened.Fact switch
    {
        ExecutionFact.Started => state with { State = State.Running, Started = happened.Time },
        ExecutionFact.StepStarting starting => Starting(state, starting, happened.Time),
        ExecutionFact.StepStarted started => With(state, started.Step, step => step with { Pid = started.Pid }),
        ExecutionFact.StepEnded ended => With(state, ended.Step, step => End(step, ended)),
        ExecutionFact.StepSkipped skipped => With(state, skipped.Step, step => step with { State = State.DidNotRun }),
        ExecutionFact.CancelRequested cancel =>
            state with { Cancel = state.Cancel ?? new CancelOrder(cancel.By, cancel.Reason, happened.Time) },
        ExecutionFact.TimedOut => state with { TimedOut = true },
        ExecutionFact.Ended ended => state with { State = ended.State, Ended = happened.Time },
        ExecutionFact.Dumped => state with { Dumped = true },
        _ => state,
    };

    private static ExecutionState Starting(ExecutionState state, ExecutionFact.StepStarting starting, DateTimeOffset at) =>
        With(state, starting.Step, step => step with
        {
            State = State.Running,
            Attempts = starting.Attempt,
            Pid = 0,
            Outcome = null,
            Started = at,
            Ended = null,
        }) with
        {
            Attempts = state.Attempts.Add(new AttemptKey(starting.Step, starting.Attempt)),
        };

    private static StepProgress End(StepProgress step, ExecutionFact.StepEnded ended) =>
        step with { State = ended.Outcome.State, Outcome = ended.Outcome, Ended = ended.Time };

    private static ExecutionState With(ExecutionState state, int number, Func<StepProgress, StepProgress> change) =>
        state with { Steps = state.Steps.SetItem(number - 1, change(state.Step(number))) };
}
