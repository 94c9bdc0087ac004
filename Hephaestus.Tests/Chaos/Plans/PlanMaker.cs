using System.Collections.Immutable;

namespace Hephaestus.Tests.Chaos.Plans;

/// <summary>Makes plans up.</summary>
internal static class PlanMaker
{
    private const int MostSteps = 4;

    /// <summary>A version of a plan, as the dice fall.</summary>
    public static ChaosPlan Make(Dice dice, string name, int version)
    {
        var steps = ImmutableArray.CreateBuilder<ChaosStep>();
        for (var number = dice.Between(1, MostSteps); number > 0; number--)
        {
            steps.Add(Step(dice, steps.Count + 1, version));
        }

        return new ChaosPlan(name, version, steps.ToImmutable())
        {
            Concurrency = dice.Weighed((3, 1), (1, 2), (1, 3)),
            Overlap = dice.Weighed((6, "allow"), (2, "queue"), (1, "skip")),
            TakesParameter = dice.Percent(40),
        };
    }

    /// <summary>A plan that runs until it is cancelled.</summary>
    public static ChaosPlan MakeEndless(Dice dice, string name)
    {
        var plan = Make(dice, name, 1);
        var script = ScriptMaker.Make(dice, "endless") with { Finishes = [new Finish.Hang()], IsStubborn = dice.Percent(40) };
        return plan with { Steps = plan.Steps.Add(new ChaosStep(plan.Steps.Length + 1, "endless", false, 0, script)) };
    }

    /// <summary>A text with a mistake.</summary>
    public static ChaosPlan Break(ChaosPlan plan) => plan with { Version = plan.Version + 1, IsBroken = true };

    private static ChaosStep Step(Dice dice, int number, int version)
    {
        var parent = number > 1 && dice.Percent(60) ? dice.Between(1, number - 1) : 0;
        var step =
            new ChaosStep(number, $"step {number}", parent > 0 && dice.Percent(45), parent, ScriptMaker.Make(dice, $"v{version}.{number}"));
        return dice.Weighed<Func<ChaosStep>>(
            (6, () => step),
            (2, () => Tried(dice, step)),
            (1, () => OutOfTime(dice, step)),
            (1, () => step with { Timeout = dice.Between(2, 4) }),
            (1, () => step with { IsHomeless = dice.Percent(50) }))();
    }

    /// <summary>Tried again, with or without success.</summary>
    private static ChaosStep Tried(Dice dice, ChaosStep step)
    {
        ImmutableArray<Finish> failures = [new Finish.Exit(dice.Between(1, 255)), new Finish.Signal(ScriptMaker.Signal(dice))];
        var script = step.Script with { Finishes = [.. failures[..dice.Between(1, 2)], .. step.Script.Finishes] };
        return step with { Script = script, Retries = dice.Between(1, 3), RetryDelay = dice.Between(0, 1) };
    }

    private static ChaosStep OutOfTime(Dice dice, ChaosStep step)
    {
        var script = step.Script with { Finishes = [new Finish.Hang(), .. step.Script.Finishes], IsStubborn = dice.Percent(30) };
        return step with { Script = script, Timeout = dice.Between(1, 2), Retries = dice.Between(0, 1) };
    }
}
