using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Executions;

namespace Hephaestus.Tests.Executions;

public sealed class TurnsTests
{
    private static readonly PlanKey s_plan = new("set", "plan");
    private static readonly PlanKey s_other = new("set", "other");

    [Fact]
    public void So_many_run_at_once_and_the_others_follow_in_the_order_of_their_ids()
    {
        var turns = new Turns(2);

        Assert.Equal([1u], turns.Enter(1, s_plan, alone: false).AsEnumerable());
        Assert.Equal([2u], turns.Enter(2, s_plan, alone: false).AsEnumerable());
        Assert.Empty(turns.Enter(4, s_plan, alone: false));
        Assert.Empty(turns.Enter(3, s_other, alone: false));
        Assert.Equal([3u], turns.Leave(1).AsEnumerable());
        Assert.Equal([4u], turns.Leave(3).AsEnumerable());
        Assert.Equal(0, turns.Waiting);
    }

    [Fact]
    public void One_that_must_be_alone_waits_for_its_plan_and_lets_others_pass()
    {
        var turns = new Turns(9);
        turns.Enter(1, s_plan, alone: true);

        Assert.Empty(turns.Enter(2, s_plan, alone: true));
        Assert.Empty(turns.Enter(3, s_plan, alone: true));
        Assert.Equal([4u], turns.Enter(4, s_other, alone: true).AsEnumerable());
        Assert.Equal([2u], turns.Leave(1).AsEnumerable());
        Assert.Equal([3u], turns.Leave(2).AsEnumerable());
    }

    [Fact]
    public void One_that_is_cancelled_while_it_waits_leaves_the_queue()
    {
        var turns = new Turns(1);
        turns.Enter(1, s_plan, alone: false);
        turns.Enter(2, s_plan, alone: false);
        turns.Enter(3, s_plan, alone: false);

        Assert.Empty(turns.Leave(2));
        Assert.Equal([3u], turns.Leave(1).AsEnumerable());
    }

    [Fact]
    public void What_ran_before_a_restart_goes_on_whatever_the_limit_is()
    {
        var turns = new Turns(1);
        turns.Resume(1, s_plan);
        turns.Resume(2, s_plan);

        Assert.Empty(turns.Enter(3, s_plan, alone: false));
        Assert.Empty(turns.Leave(1));
        Assert.Equal([3u], turns.Leave(2).AsEnumerable());
    }
}
