using Hephaestus.Server.Executions;
using Hephaestus.Server.Steps;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Tests.Steps;

/// <summary>What an end means, by the clocks alone: a server that was away for long must come to the same.</summary>
public sealed class OutcomeTests
{
    private static readonly DateTimeOffset s_start = DateTimeOffset.UnixEpoch.AddDays(1);

    private static readonly AttemptDeadline s_deadline = new(s_start.AddSeconds(60), TimeSpan.FromSeconds(60));

    [Theory]
    [InlineData(59, State.Ok, Cause.Exited)]
    [InlineData(60, State.Failed, Cause.TimedOut)]
    [InlineData(61, State.Failed, Cause.TimedOut)]
    public void A_step_that_ended_in_time_is_not_timed_out_however_late_that_is_noticed(int ended, State state, Cause cause)
    {
        var outcome = Outcome(new StepExit(0, null, null, s_start.AddSeconds(ended)), cancel: null, now: 10_000);

        Assert.Equal((state, cause), (outcome.State, outcome.Cause));
    }

    [Theory]
    [InlineData(59, State.Cancelled, Cause.Cancelled)]
    [InlineData(61, State.Failed, Cause.TimedOut)]
    public void Of_a_cancel_and_a_deadline_the_first_counts(int cancelled, State state, Cause cause)
    {
        var order = new CancelOrder("someone", "", s_start.AddSeconds(cancelled));

        var outcome = Outcome(new StepExit(null, 15, null, s_start.AddSeconds(70)), order, now: 80);

        Assert.Equal((state, cause, 15), (outcome.State, outcome.Cause, outcome.Signal));
    }

    [Fact]
    public void A_deadline_that_has_not_come_ends_nothing() => Assert.Null(EndOrder.First(null, s_deadline, s_start.AddSeconds(59)));

    private static Outcome Outcome(StepExit exit, CancelOrder? cancel, int now) =>
        Outcomes.Of(exit, EndOrder.First(cancel, s_deadline, s_start.AddSeconds(now)));
}
