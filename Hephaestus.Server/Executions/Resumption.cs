using System.Collections.Immutable;

namespace Hephaestus.Server.Executions;

/// <summary>How an execution goes on that ended before all of its steps did well. Pure.</summary>
internal static class Resumption
{
    /// <summary>
    /// What ended OK before the first step that did not: those keep their results, all others run again as the plan says.
    /// </summary>
    public static ImmutableArray<KeptStep> Kept(ExecutionState ended) =>
        [.. ended.Steps.TakeWhile(step => step.State is State.Ok or State.DidNotRun).Select(Kept).OfType<KeptStep>()];

    /// <summary>The first fact of the execution that goes on from an ended one.</summary>
    public static ExecutionFact.Accepted Accept(ExecutionState ended) =>
        new(ended.Set, ended.Plan, ended.TagId, [.. ended.Steps.Select(step => step.Outline)], ended.Parameters)
        {
            Resumes = ended.Id,
            Kept = Kept(ended),
        };

    private static KeptStep? Kept(StepProgress step) => step is { State: State.Ok, Outcome: { } outcome, Ended: { } at }
        ? new KeptStep(step.Number, outcome, step.Started ?? at, at)
        : null;
}
