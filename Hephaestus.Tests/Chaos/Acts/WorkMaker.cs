using System.Collections.Immutable;
using Hephaestus.Tests.Chaos.Plans;

namespace Hephaestus.Tests.Chaos.Acts;

/// <summary>Makes up what is asked of the server.</summary>
internal static class WorkMaker
{
    private static readonly TimeSpan s_atOnce = TimeSpan.Zero;

    public static ImmutableArray<Act> Make(Dice dice, List<ChaosPlan> plans, int most)
    {
        var newest = plans.ToDictionary(plan => plan.Name);
        var acts = ImmutableArray.CreateBuilder<Act>();
        var wishes = 0;
        acts.Add(Execute(dice, ++wishes, dice.Pick([.. plans])) with { After = s_atOnce });
        for (var left = dice.Between(most / 2, most); left > 0; left--)
        {
            acts.AddRange(Some(dice, newest, ref wishes));
        }

        return acts.ToImmutable();
    }

    private static Act[] Some(Dice dice, Dictionary<string, ChaosPlan> newest, ref int wishes)
    {
        var after = dice.Milliseconds(0, 900);
        var plan = newest[dice.Pick([.. newest.Keys])];
        switch (dice.Weighed((7, nameof(Act.Execute)), (2, nameof(Act.Cancel)), (2, nameof(Act.Resume)), (2, nameof(Act.Edit))))
        {
            case nameof(Act.Cancel):
                return [new Act.Cancel(after, dice.Between(1, wishes))];
            case nameof(Act.Resume):
                var earlier = dice.Between(1, wishes);
                return [new Act.Resume(after, ++wishes, earlier)];
            case nameof(Act.Edit) when !plan.IsEndless:
                var next = dice.Percent(40) && !plan.IsBroken
                    ? PlanMaker.Break(plan)
                    : PlanMaker.Make(dice, plan.Name, plan.Version + 1);
                newest[plan.Name] = next;
                return [new Act.Edit(after, next, dice.Percent(60)), Execute(dice, ++wishes, next) with { After = s_atOnce }];
            default:
                return [Execute(dice, ++wishes, plan) with { After = after }];
        }
    }

    private static Act.Execute Execute(Dice dice, int wish, ChaosPlan plan) => new(
        s_atOnce, wish, plan.Name, plan.TakesParameter && dice.Percent(60) ? dice.Pick("red", "light blue", "") : null, dice.Percent(30));
}
