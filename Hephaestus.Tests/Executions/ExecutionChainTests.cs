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

    [Theory]
    [InlineData(0, 5)]
    [InlineData(2, 3)]
    public void A_process_that_ends_soon_is_told_in_the_commit_of_its_end_where_commits_are_dear(int patience, int commits)
    {
        var run = new VirtualRun([Step(1), Step(2)], _ => State.Ok, patience: TimeSpan.FromSeconds(patience));

        Assert.Equal(State.Ok, run.ToEnd().State);
        Assert.Equal(commits, run.Commits.Count);
        Assert.Equal(2, run.Journal.Count(happened => happened.Fact is ExecutionFact.StepStarted));
    }

    [Fact]
    public void A_process_that_does_not_end_soon_is_told_when_patience_ends()
    {
        var run = new VirtualRun([Step(1)], _ => State.Ok, patience: TimeSpan.FromSeconds(0.25));

        run.ToEnd();

        var started = run.Journal.Single(happened => happened.Fact is ExecutionFact.StepStarted);
        Assert.Equal(DateTimeOffset.UnixEpoch.AddSeconds(0.25), started.Time, TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public void What_comes_during_a_commit_is_committed_together()
    {
        var run = new VirtualRun([Step(1), Step(2), Step(3), Step(4)], _ => State.Ok, new Course(4, [])) { CommitTime = TimeSpan.FromSeconds(0.5) };

        run.ToEnd();

        Assert.InRange(run.Commits.Count, 3, 5);
        Assert.Equal(4, run.Journal.Count(happened => happened.Fact is ExecutionFact.StepEnded));
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

    [Fact]
    public void A_failed_attempt_is_tried_again_after_its_delay_as_often_as_the_plan_says()
    {
        var run = new VirtualRun([Step(1), Step(2)], attempt => attempt is (1, < 3) ? State.Nok : State.Ok, Retrying(2, seconds: 10));

        var end = run.ToEnd();

        Assert.Equal(State.Ok, end.State);
        Assert.Equal([(1, 1, 0), (1, 2, 11), (1, 3, 22), (2, 1, 23)], Begun(run));
    }

    [Fact]
    public void The_last_attempts_end_is_the_steps_and_only_then_its_recovery_runs()
    {
        var run = new VirtualRun(
            [Step(1), Step(2, 1, StepKind.Recovery)], attempt => attempt.Step == 1 ? State.Failed : State.Ok, Retrying(1, seconds: 0));

        var end = run.ToEnd();

        Assert.Equal(State.Failed, end.State);
        Assert.Equal([(1, 1, 0), (1, 2, 1), (2, 1, 2)], Begun(run));
    }

    [Theory]
    [InlineData(State.Lost)]
    [InlineData(State.Cancelled)]
    public void What_was_lost_or_cancelled_is_not_tried_again(State ending)
    {
        var run = new VirtualRun([Step(1)], _ => ending, Retrying(5, seconds: 0));

        Assert.Equal(ending, run.ToEnd().State);
        Assert.Single(run.Begun);
    }

    [Fact]
    public void A_cancel_while_a_retry_waits_ends_the_execution_at_once()
    {
        var run = new VirtualRun([Step(1), Step(2)], _ => State.Nok, Retrying(5, seconds: 100)).CancelAt(3);

        var end = run.ToEnd();

        Assert.Equal(State.Cancelled, end.State);
        Assert.Equal(3, (end.Ended!.Value - DateTimeOffset.UnixEpoch).TotalSeconds);
        Assert.Single(run.Begun);
    }

    [Fact]
    public void A_retry_that_waited_when_the_server_was_killed_is_made_when_it_is_due()
    {
        var before = new VirtualRun([Step(1)], attempt => attempt.Attempt == 1 ? State.Nok : State.Ok, Retrying(1, seconds: 10));
        before.ToEnd();
        var journal = before.Journal.TakeWhile(happened => happened.Fact is not ExecutionFact.StepStarting { Attempt: 2 });

        var after = new VirtualRun([.. journal], _ => State.Ok, Retrying(1, seconds: 10));

        Assert.Equal(State.Ok, after.ToEnd().State);
        Assert.Equal([(1, 2, 11)], Begun(after));
    }

    [Fact]
    public void Concurrency_lets_so_many_steps_run_at_once_whose_parents_have_ended()
    {
        var run = new VirtualRun([Step(1), Step(2), Step(3), Step(4, parent: 1), Step(5)], _ => State.Ok, new Course(2, []));

        run.ToEnd();

        Assert.Equal([(1, 1, 0), (2, 1, 0), (3, 1, 1), (4, 1, 1), (5, 1, 2)], Begun(run));
    }

    [Fact]
    public void A_step_waits_for_its_running_parent_while_later_ones_go_on()
    {
        var run = new VirtualRun([Step(1), Step(2, parent: 1), Step(3)], _ => State.Ok, new Course(3, []));

        run.ToEnd();

        Assert.Equal([(1, 1, 0), (3, 1, 0), (2, 1, 1)], Begun(run));
    }

    [Fact]
    public void A_cancel_ends_all_steps_that_run_at_once()
    {
        var run = new VirtualRun([Step(1), Step(2), Step(3)], _ => State.Ok, new Course(2, [])).CancelAt(0.5);

        var end = run.ToEnd();

        Assert.Equal([State.Cancelled, State.Cancelled, State.DidNotRun], end.Steps.Select(step => step.State));
        Assert.Equal(State.Cancelled, end.State);
    }

    [Fact]
    public void After_the_plans_timeout_only_recoveries_start()
    {
        var run = new VirtualRun(
            [Step(1), Step(2), Step(3, 2, StepKind.Recovery), Step(4)],
            attempt => attempt.Step == 2 ? State.Failed : State.Ok,
            new Course(1, [], TimeSpan.FromSeconds(1.5)));

        var end = run.ToEnd();

        Assert.Equal([State.Ok, State.Failed, State.Ok, State.DidNotRun], end.Steps.Select(step => step.State));
        Assert.Equal(State.Failed, end.State);
        Assert.Single(run.Journal, happened => happened.Fact is ExecutionFact.TimedOut);
    }

    [Fact]
    public void A_plan_whose_time_was_up_before_its_last_step_did_not_end_OK()
    {
        var end = new VirtualRun([Step(1), Step(2)], _ => State.Ok, new Course(1, [], TimeSpan.FromSeconds(0.5))).ToEnd();

        Assert.Equal([State.Ok, State.DidNotRun], end.Steps.Select(step => step.State));
        Assert.Equal(State.Failed, end.State);
    }

    [Fact]
    public void A_retry_is_not_waited_for_beyond_the_plans_timeout()
    {
        var end = new VirtualRun(
            [Step(1)], _ => State.Nok, new Course(1, [new RetryRule(9, TimeSpan.FromSeconds(100))], TimeSpan.FromSeconds(5))).ToEnd();

        Assert.Equal(5, (end.Ended!.Value - DateTimeOffset.UnixEpoch).TotalSeconds);
        Assert.Equal(State.Nok, end.State);
    }

    [Fact]
    public void A_plan_that_ends_in_time_hears_nothing_of_its_timeout()
    {
        var run = new VirtualRun([Step(1)], _ => State.Ok, new Course(1, [], TimeSpan.FromSeconds(5)));

        Assert.Equal(State.Ok, run.ToEnd().State);
        Assert.DoesNotContain(run.Journal, happened => happened.Fact is ExecutionFact.TimedOut);
    }

    private static Course Retrying(int most, int seconds) =>
        new(1, [new RetryRule(most, TimeSpan.FromSeconds(seconds))]);

    private static (int Step, int Attempt, int At)[] Begun(VirtualRun run) =>
        [.. run.Begun.Select(begun => (begun.Attempt.Step, begun.Attempt.Attempt, (int)begun.At))];

    private static StepKind Kind(bool recovery) => recovery ? StepKind.Recovery : StepKind.Step;
}
