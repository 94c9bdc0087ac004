using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Plans;

namespace Hephaestus.Tests.Executions;

public sealed class ExecutionProperties
{
    /// <summary>A plan, how each of its steps ends, and where it is cut.</summary>
    private sealed record Scenario(ImmutableArray<StepOutline> Steps, ImmutableArray<State> Endings, int Cut);

    private static readonly State[] s_endings = [State.Ok, State.Nok, State.Failed, State.Lost];

    [Fact]
    public void Every_plan_ends_as_a_plain_reading_of_the_rules_says() =>
        Prop.ForAll(Scenarios(), scenario =>
        {
            var end = Run(scenario).ToEnd();
            Assert.Equal(Expected(scenario), end.Steps.Select(step => step.State));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_last_state_is_the_fold_of_the_journal() =>
        Prop.ForAll(Scenarios(), scenario =>
        {
            var run = Run(scenario);
            var end = run.ToEnd();
            var folded = ExecutionFold.Of(run.Journal);
            Assert.Equal(end.Steps.AsEnumerable(), folded.Steps);
            Assert.Equal((end.State, end.Sequence, end.Ended), (folded.State, folded.Sequence, folded.Ended));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_run_that_is_cut_after_any_commit_ends_the_same_and_runs_no_step_twice() =>
        Prop.ForAll(Scenarios(), scenario =>
        {
            var whole = Run(scenario);
            var expected = whole.ToEnd();
            var kept = whole.Journal.Length - (scenario.Cut % (whole.Journal.Length - 1));

            var rest = new VirtualRun(whole.Journal[..kept], Ending(scenario));
            var end = kept == whole.Journal.Length ? ExecutionFold.Of(rest.Journal) : rest.ToEnd();

            Assert.Equal(expected.Steps.Select(step => step.State), end.Steps.Select(step => step.State));
            Assert.Equal(expected.State, end.State);
            Assert.Equal(end.Attempts.Length, end.Attempts.Distinct().Count());
        }).QuickCheckThrowOnFailure();

    private static VirtualRun Run(Scenario scenario) => new(scenario.Steps, Ending(scenario));

    private static Func<AttemptKey, State> Ending(Scenario scenario) => attempt => scenario.Endings[attempt.Step - 1];

    private static List<State> Expected(Scenario scenario)
    {
        var states = new List<State>();
        foreach (var step in scenario.Steps)
        {
            var runs = step.Parent == 0 || (step.Kind == StepKind.Step
                ? states[step.Parent - 1] == State.Ok
                : states[step.Parent - 1] is State.Nok or State.Failed or State.Lost);
            states.Add(runs ? scenario.Endings[step.Number - 1] : State.DidNotRun);
        }

        return states;
    }

    private static Arbitrary<Scenario> Scenarios() => Arb.From(
        from count in Gen.Choose(1, 12)
        from parents in Gen.ArrayOf(Gen.Choose(0, 1000), count)
        from recoveries in Gen.ArrayOf(Gen.Choose(0, 2), count)
        from endings in Gen.ArrayOf(Gen.Elements(s_endings), count)
        from cut in Gen.Choose(0, 1000)
        select new Scenario(
            [.. Enumerable.Range(1, count).Select(number => Outline(number, parents[number - 1], recoveries[number - 1] == 0))],
            [.. endings],
            cut));

    private static StepOutline Outline(int number, int choice, bool recovery)
    {
        var parent = choice % number;
        return VirtualRun.Step(number, parent, recovery && parent > 0 ? StepKind.Recovery : StepKind.Step);
    }
}
