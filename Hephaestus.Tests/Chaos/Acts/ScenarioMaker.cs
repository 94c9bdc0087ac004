using System.Collections.Immutable;
using Hephaestus.Tests.Chaos.Plans;

namespace Hephaestus.Tests.Chaos.Acts;

/// <summary>Makes rounds up.</summary>
internal static class ScenarioMaker
{
    /// <summary>The dice of a round's plans and acts; observers have others.</summary>
    private const int Part = 0;

    /// <param name="mayMount">Small disks can be had.</param>
    public static Scenario Make(int seed, int round, Extent extent, bool mayMount)
    {
        var dice = Dice.Of(seed, round, Part);
        var plans = Enumerable.Range(1, dice.Between(2, 4)).Select(number => PlanMaker.Make(dice, $"plan{number}", 1)).ToList();
        if (dice.Percent(50))
        {
            plans.Add(PlanMaker.MakeEndless(dice, "endless"));
        }

        // Thrown in any case, so that what follows is the same where nothing can be mounted.
        var disk = dice.Percent(30) & mayMount;
        var work = WorkMaker.Make(dice, plans, extent.MostWork);
        return new Scenario(seed, round, [.. plans], work, [.. Trouble(dice, extent.MostTroubles, disk)])
        {
            MaxConcurrent = dice.Weighed((2, 1000), (1, 3), (1, 2)),
            IsOnSmallDisk = disk,
            SyncsFully = dice.Percent(25),
            KeptInTheEnd = dice.Percent(40) ? dice.Between(1, 4) : null,
        };
    }

    private static IEnumerable<Act> Trouble(Dice dice, int most, bool disk)
    {
        for (var left = dice.Between(2, most); left > 0; left--)
        {
            var act = One(dice);
            if (disk || act is not Act.FillDisk)
            {
                yield return act;
            }
        }
    }

    private static Act One(Dice dice)
    {
        var after = dice.Milliseconds(0, 1200);
        var away = dice.Weighed((3, TimeSpan.Zero), (3, dice.Milliseconds(0, 1500)));
        return dice.Weighed<Func<Act>>(
            (8, () => new Act.Kill(after, Victim.Server, away)),
            (3, () => new Act.Kill(after, Victim.Supervisor, TimeSpan.Zero)),
            (2, () => new Act.Kill(after, Victim.Both, away)),
            (2, () => new Act.KillStarting(after, dice.Milliseconds(0, 800))),
            (2, () => new Act.Terminate(after, Victim.Server, away)),
            (1, () => new Act.Terminate(after, Victim.Supervisor, TimeSpan.Zero)),
            (2, () => new Act.Suspend(after, dice.Pick(Victim.Server, Victim.Supervisor, Victim.Both), dice.Milliseconds(50, 1500))),
            (1, () => new Act.KillBesideSuspended(after, dice.Milliseconds(100, 2000))),
            (1, () => new Act.Drain(after, dice.Milliseconds(100, 1000))),
            (3, () => new Act.FillDisk(after, dice.Milliseconds(100, 1500))),
            (2, () => new Act.DropClients(after)))();
    }
}
