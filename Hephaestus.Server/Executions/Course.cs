using System.Collections.Immutable;
using Hephaestus.Server.Plans;

namespace Hephaestus.Server.Executions;

/// <summary>What follows from a state: which steps are passed over, which starts, and when all is over. Pure.</summary>
internal static class Course
{
    /// <summary>The facts that follow, up to the next start or the end; none while a step runs.</summary>
    public static ImmutableArray<ExecutionFact> Next(ExecutionState state)
    {
        var open = state.State == State.Running || (state.State == State.Queued && state.Cancel is not null);
        return open && !state.Steps.Any(step => step.State == State.Running) ? [.. Advance(state)] : [];
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
    /// The overall status: Cancelled, or OK, or the status of the last step that ended neither OK nor Did not run.
    /// </summary>
    public static State Overall(IEnumerable<State> steps, bool cancelled) =>
        cancelled ? State.Cancelled : steps.LastOrDefault(state => state is not (State.Ok or State.DidNotRun), State.Ok);

    private static IEnumerable<ExecutionFact> Advance(ExecutionState state)
    {
        var states = state.Steps.Select(step => step.State).ToArray();
        foreach (var step in state.Steps.Where(step => step.State == State.Pending))
        {
            if (state.Cancel is null && Runs(step.Outline, states))
            {
                yield return new ExecutionFact.StepStarting(step.Number, step.Attempts + 1);
                yield break;
            }

            states[step.Number - 1] = State.DidNotRun;
            yield return new ExecutionFact.StepSkipped(step.Number);
        }

        yield return new ExecutionFact.Ended(Overall(states, state.Cancel is not null));
    }

    private static bool Runs(StepOutline step, State[] states) => (step.Parent, step.Kind) switch
    {
        (0, _) => true,
        (_, StepKind.Step) => states[step.Parent - 1] is State.Ok,
        (_, _) => states[step.Parent - 1] is State.Nok or State.Failed or State.Lost,
    };

    private static ExecutionFact.StepEnded LostInReboot(StepProgress step, DateTimeOffset now) => new(
        step.Number,
        step.Attempts,
        new Outcome(State.Lost, Cause.Lost, null, null, "the machine was restarted while it ran"),
        0,
        0,
        now);
}
