using System.Collections.Immutable;

namespace Hephaestus.Tests.Chaos.Plans;

/// <summary>Makes commands up.</summary>
internal static class ScriptMaker
{
    private const int MostDeeds = 4;

    public static Script Make(Dice dice, string word)
    {
        var deeds = ImmutableArray.CreateBuilder<Deed>();
        deeds.Add(new Deed.Introduce(word, ChaosPlan.Parameter));
        for (var left = dice.Between(0, MostDeeds); left > 0; left--)
        {
            deeds.Add(Deed(dice, word));
        }

        deeds.AddRange(Ends(dice, word));
        Finish finish = dice.Weighed<Finish>(
            (6, new Finish.Exit(0)), (2, new Finish.Exit(dice.Between(1, 255))), (1, new Finish.Signal(Signal(dice))));
        return new Script(deeds.ToImmutable(), [finish]);
    }

    /// <summary>One that ends a process of itself.</summary>
    public static int Signal(Dice dice) => dice.Pick(1, 2, 6, 9, 10, 11, 14, 15);

    private static Deed Deed(Dice dice, string word) => dice.Weighed<Func<Deed>>(
        (4, () => new Deed.Count(dice.Percent(40), word, dice.Between(1, 60), dice.Between(5, 20))),
        (3, () => new Deed.Flood(word, dice.Between(1, 40_000), dice.Between(1, 10_000))),
        (2, () => new Deed.LongLine(dice.Percent(30), dice.Between(1, 400_000))),
        (2, () => new Deed.Raw(dice.Percent(50), dice.Bytes(dice.Between(1, 60), newLines: 10))),
        (2, () => new Deed.Prompt(dice.Percent(30), word, dice.Between(100, 700))),
        (3, () => new Deed.Pause(dice.Between(10, 800))))();

    /// <summary>What can only come last.</summary>
    private static IEnumerable<Deed> Ends(Dice dice, string word)
    {
        if (dice.Percent(25))
        {
            yield return new Deed.Unfinished(dice.Percent(40), word);
        }

        if (dice.Percent(15))
        {
            yield return new Deed.PrintLate(dice.Percent(40), word, dice.Between(0, 600));
        }
    }
}
