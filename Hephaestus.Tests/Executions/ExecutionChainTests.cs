using System.Collections.Immutable;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Plans;
using static Hephaestus.Tests.Executions.VirtualRun;

namespace Hephaestus.Tests.Executions;

public sealed class ExecutionChainTests
{
    [Fact]
    public void Steps_run_one_after_another_in_file_order()
    {
        var run = new VirtualRun([Step(1), Step(2), Step(3)], _ => State.Ok);

        var end = run.ToEnd();

        Assert.Equal(State.Ok, end.State);
        Assert.Equal([1, 2, 3], run.Begun.Select(begun => begun.Attempt.Step));
        Assert.Equal([0, 1, 2], run.Begun.Select(begun => (int)begun.At));
        Assert.Equal(3, run.Detached);
    }

    [Theory]
    [InlineData(State.Ok, false, true)]
    [InlineData(State.Nok, false, false)]
    [InlineData(State.Failed, false, false)]
    [InlineData(State.Lost, false, false)]
    [InlineData(State.Ok, true, false)]
    [InlineData(State.Nok, true, true)]
    [InlineData(State.Failed, true, true)]
    [InlineData(State.Lost, true, true)]
    public void A_parents_end_decides_whether_a_step_runs(State parent, bool recovery, bool runs)
    {
        var run = new VirtualRun([Step(1), Step(2, parent: 1, Kind(recovery))], attempt => attempt.Step == 1 ? parent : State.Ok);

        var end = run.ToEnd();

        Assert.Equal(runs ? State.Ok : State.DidNotRun, end.Step(2).State);
        Assert.Equal(parent, end.State);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Nothing_runs_after_a_parent_that_did_not_run(bool recovery)
    {
        var run = new VirtualRun([Step(1), Step(2, 1, StepKind.Recovery), Step(3, 2, Kind(recovery))], _ => State.Ok);

        Assert.Equal([State.Ok, State.DidNotRun, State.DidNotRun], run.ToEnd().Steps.Select(step => step.State));
    }

    [Fact]
    public void The_status_is_that_of_the_last_step_that_did_not_end_OK()
    {
        State[] endings = [State.Failed, State.Nok, State.Ok];
        var run = new VirtualRun([Step(1), Step(2), Step(3)], attempt => endings[attempt.Step - 1]);

        Assert.Equal(State.Nok, run.ToEnd().State);
    }

    [Fact]
    public void A_recovery_that_succeeds_does_not_turn_a_plan_OK()
    {
        var run = new VirtualRun([Step(1), Step(2, 1, StepKind.Recovery)], attempt => attempt.Step == 1 ? State.Nok : State.Ok);

        Assert.Equal(State.Nok, run.ToEnd().State);
    }

    [Fact]
    public void One_commit_says_that_a_step_ended_and_that_the_next_is_about_to_start()
    {
        var run = new VirtualRun([Step(1), Step(2)], _ => State.Ok);

        run.ToEnd();

        var commit = Assert.Single(run.Commits, facts => facts is [ExecutionFact.StepEnded { Step: 1 }, ..]);
        Assert.Equal(new ExecutionFact.StepStarting(2, 1), commit[1]);
    }

    [Fact]
    public void A_cancelled_execution_runs_nothing_further()
    {
        var run = new VirtualRun([Step(1), Step(2), Step(3)], _ => State.Ok).CancelAt(1.5);

        var end = run.ToEnd();

        Assert.Equal(State.Cancelled, end.State);
        Assert.Equal([State.Ok, State.Cancelled, State.DidNotRun], end.Steps.Select(step => step.State));
        Assert.Equal(2, run.Begun.Count);
        Assert.Equal(run.Begun.Count, run.Detached);
    }

    [Fact]
    public void A_second_cancel_changes_nothing()
    {
        var once = new VirtualRun([Step(1)], _ => State.Ok).CancelAt(0.5).ToEnd();
        var twice = new VirtualRun([Step(1)], _ => State.Ok).CancelAt(0.5).CancelAt(0.5).ToEnd();

        Assert.Equal(once.Cancel, twice.Cancel);
        Assert.Equal(once.State, twice.State);
    }

    [Fact]
    public void A_plan_without_steps_ends_OK_at_once()
    {
        var run = new VirtualRun(Array.Empty<StepOutline>(), _ => State.Ok);

        Assert.Equal(State.Ok, run.ToEnd().State);
        Assert.Empty(run.Begun);
    }

    [Fact]
    public void What_ran_when_the_server_went_away_is_adopted_and_not_started_again()
    {
        var first = new VirtualRun([Step(1), Step(2)], _ => State.Ok);
        first.ToEnd();
        var left = first.Journal.TakeWhile(happened => happened.Fact is not ExecutionFact.StepEnded { Step: 2 }).ToImmutableArray();

        var second = new VirtualRun(left, _ => State.Nok);

        Assert.Equal(State.Nok, second.ToEnd().State);
        Assert.Equal([new AttemptKey(2, 1)], second.Begun.Select(begun => begun.Attempt));
        Assert.DoesNotContain(second.Commits.SelectMany(facts => facts), fact => fact is ExecutionFact.StepStarting);
    }

    [Fact]
    public void A_cancel_that_was_journalled_before_a_restart_goes_on_after_it()
    {
        var first = new VirtualRun([Step(1), Step(2)], _ => State.Ok).CancelAt(0.5);
        first.ToEnd();
        var left = first.Journal.TakeWhile(happened => happened.Fact is not ExecutionFact.StepEnded).ToImmutableArray();

        var end = new VirtualRun(left, _ => State.Ok).ToEnd();

        Assert.Equal(State.Cancelled, end.State);
        Assert.Equal(State.DidNotRun, end.Step(2).State);
    }

    private static StepKind Kind(bool recovery) => recovery ? StepKind.Recovery : StepKind.Step;
}
