using System.Collections.Immutable;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Journal;
using Hephaestus.Server.Plans;
using static Hephaestus.Tests.Executions.VirtualRun;

namespace Hephaestus.Tests.Executions;

public sealed class ResumptionTests
{
    [Fact]
    public void What_ended_OK_before_the_first_that_did_not_keeps_its_result_and_the_rest_runs()
    {
        State[] first = [State.Ok, State.Nok, State.Ok, State.Ok];
        var before = new VirtualRun(
            [Step(1), Step(2), Step(3, 2, StepKind.Recovery), Step(4)], attempt => first[attempt.Step - 1]).ToEnd();

        var run = Resume(before);
        var end = run.ToEnd();

        Assert.Equal([2, 4], run.Begun.Select(begun => begun.Attempt.Step));
        Assert.Equal([State.Ok, State.Ok, State.DidNotRun, State.Ok], end.Steps.Select(step => step.State));
        Assert.Equal(before.Step(1).Outcome, end.Step(1).Outcome);
        Assert.Equal(before.Step(1).Ended, end.Step(1).Ended);
        Assert.Equal((State.Ok, 7u), (end.State, end.Resumes));
    }

    [Fact]
    public void A_recovery_that_was_not_needed_is_no_reason_to_begin_there()
    {
        var before = new VirtualRun(
            [Step(1), Step(2, 1, StepKind.Recovery), Step(3), Step(4)], attempt => attempt.Step == 4 ? State.Failed : State.Ok).ToEnd();

        var run = Resume(before);
        run.ToEnd();

        Assert.Equal([4], run.Begun.Select(begun => begun.Attempt.Step));
    }

    [Fact]
    public void A_cancelled_execution_goes_on_where_it_was_cancelled()
    {
        var before = new VirtualRun([Step(1), Step(2), Step(3)], _ => State.Ok).CancelAt(1.5).ToEnd();

        var run = Resume(before);

        Assert.Equal(State.Ok, run.ToEnd().State);
        Assert.Equal([2, 3], run.Begun.Select(begun => begun.Attempt.Step));
    }

    [Fact]
    public void What_is_kept_survives_the_journal()
    {
        var before = new VirtualRun([Step(1), Step(2)], attempt => attempt.Step == 1 ? State.Ok : State.Nok).ToEnd();
        var accepted = new ExecutionEvent(1, 8, "set", "plan", DateTimeOffset.UnixEpoch, Resumption.Accept(before));

        var read = Assert.IsType<ExecutionFact.Accepted>(EventCodec.FromMessage(EventCodec.ToMessage(accepted)).Fact);

        Assert.Equal(7u, read.Resumes);
        Assert.Equal(Resumption.Kept(before).AsEnumerable(), read.Kept);
    }

    private static VirtualRun Resume(ExecutionState ended)
    {
        ImmutableArray<ExecutionFact> facts = [Resumption.Accept(ended), new ExecutionFact.Started()];
        return new VirtualRun(
            [.. facts.Select((fact, index) => new ExecutionEvent(index + 1, 8, "set", "plan", DateTimeOffset.UnixEpoch.AddSeconds(9), fact))],
            _ => State.Ok);
    }
}
