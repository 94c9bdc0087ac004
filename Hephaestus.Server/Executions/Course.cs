using System.Collections.Immutable;
using Hephaestus.Server.Plans;

namespace Hephaestus.Server.Executions;

/// <summary>What follows from a state: which steps are passed over, which start, and when all is over. Pure.</summary>
/// <param name="Concurrency">Steps that run at once; 1: strictly in file order.</param>
/// <param name="Timeout">After this time no regular step starts any more, and recoveries are all that does; null: never.</param>
/// <param name="Retries">For each step how often, and how long after its end, it is tried again; empty: never.</param>
internal sealed record Course(int Concurrency, ImmutableArray<RetryRule> Retries, TimeSpan? Timeout = null)
{
    /// <summary>One step after another, each once.</summary>
    public static Course InFileOrder { get; } = new(1, []);

    /// <summary>As a plan says.</summary>
    public static Course Of(Plan plan) => 
        new(plan.Concurrency, [.. plan.Steps.Select(step => new RetryRule(step.Retries, step.RetryDelay))], plan.Timeout);

    /// <summary>The facts that follow by now, up to the next starts or the end; none while there is only to wait.</summary>
    public ImmutableArray<ExecutionFact> Next(ExecutionState state, DateTimeOffset now)
    {
        var open = state.State == State.Running || (state.State == State.Queued && state.Cancel is not null);
        var cancelling = state.Cancel is not null && state.Steps.Any(step => step.State == State.Running);
        return !open || cancelling ? [] : [.. Expire(state, now, out var known), .. Advance(known, now)];
    }

    /// <summary>When something follows by time alone: a retry, the timeout; null: nothing does.</summary>
    public DateTimeOffset? Wake(ExecutionState state)
    {
        var due = state.HasEnded ? [] : state.Steps.Where(step => Retried(state, step)).Select(Due).ToList();
        if (state is { State: State.Running, TimedOut: false } && Deadline(state) is { } deadline)
        {
            due.Add(deadline);
        }

        return due.Count == 0 ? null : due.Min();
    }

    /// <summary>
    /// The end of an execution that ran, or waited, when the machine was restarted: what was running is lost, and
    /// nothing starts by itself.
    /// </summary>
    public static ImmutableArray<ExecutionFact> AfterReboot(ExecutionState state, DateTimeOffset now) =>
    [
        .. state.Steps.Where(step => step.State == State.Running).Select(step => LostInReboot(step, now)),
        .. state.Steps.Where(step => step.State == State.Pending).Select(step => new ExecutionFact.StepSkipped(step.Number)),
        new ExecutionFact.Ended(state.Cancel is null ? State.Lost : State.Cancelled),
    ];

    /// <summary>
    /// The overall status: Cancelled, or the status of the last step that ended neither OK nor Did not run, or, where there
    /// is none, OK, if there was time for all.
    /// </summary>
    public static State Overall(IEnumerable<State> steps, bool cancelled, bool timedOut = false) => cancelled
        ? State.Cancelled
        : steps.LastOrDefault(state => state is not (State.Ok or State.DidNotRun), timedOut ? State.Failed : State.Ok);

    private ImmutableArray<ExecutionFact> Expire(ExecutionState state, DateTimeOffset now, out ExecutionState known)
    {
        var expires = !state.TimedOut && state.Cancel is null && Deadline(state) <= now;
        known = expires ? state with { TimedOut = true } : state;
        return expires ? [new ExecutionFact.TimedOut(Timeout.GetValueOrDefault())] : [];
    }

    private DateTimeOffset? Deadline(ExecutionState state) => state.Started + Timeout;

    private IEnumerable<ExecutionFact> Advance(ExecutionState state, DateTimeOffset now)
    {
        // A step that will be tried again holds its place, and its children wait.
        var states = state.Steps.Select(step => Retried(state, step) ? State.Running : step.State).ToArray();
        foreach (var step in state.Steps.Where(step => Retried(state, step) && Due(step) <= now))
        {
            yield return new ExecutionFact.StepStarting(step.Number, step.Attempts + 1);
        }

        foreach (var step in state.Steps.Where(step => step.State == State.Pending))
        {
            if (states.Count(each => each == State.Running) >= Concurrency)
            {
                yield break;
            }

            if (Verdict(state, step.Outline, states) is { } verdict)
            {
                states[step.Number - 1] = verdict;
                yield return verdict == State.Running
                    ? new ExecutionFact.StepStarting(step.Number, step.Attempts + 1)
                    : new ExecutionFact.StepSkipped(step.Number);
            }
        }

        if (!states.Any(each => each is State.Running or State.Pending))
        {
            yield return new ExecutionFact.Ended(Overall(states, state.Cancel is not null, state.TimedOut));
        }
    }

    /// <summary>Running: it starts; did not run: it is passed over; null: its parent has not ended.</summary>
    private static State? Verdict(ExecutionState state, StepOutline step, State[] states) =>
        state.Cancel is not null || (state.TimedOut && step.Kind == StepKind.Step) ? State.DidNotRun
        : step.Parent == 0 ? State.Running
        : states[step.Parent - 1] is var parent && parent is State.Running or State.Pending ? null
        : RunsAfter(parent, step.Kind) ? State.Running
        : State.DidNotRun;

    private static bool RunsAfter(State parent, StepKind kind) =>
        kind == StepKind.Step ? parent is State.Ok : parent is State.Nok or State.Failed or State.Lost;

    private bool Retried(ExecutionState state, StepProgress step) =>
        state is { Cancel: null, TimedOut: false } && step.State is State.Nok or State.Failed && step.Number <= Retries.Length
        && step.Attempts <= Retries[step.Number - 1].Most;

    private DateTimeOffset Due(StepProgress step) => step.Ended.GetValueOrDefault() + Retries[step.Number - 1].Delay;

    private static ExecutionFact.StepEnded LostInReboot(StepProgress step, DateTimeOffset now) => new(
        step.Number,
        step.Attempts,
        new Outcome(State.Lost, Cause.Lost, null, null, "the machine was restarted while it ran"),
        0,
        0,
        now);
}

/// <summary>How often a step is tried again after an attempt that ended NOK or Failed, and how long after it.</summary>
internal readonly record struct RetryRule(int Most, TimeSpan Delay);
