using System.Diagnostics;
using System.Globalization;
using Xunit.Abstractions;

namespace Hephaestus.Tests.Catalogue;

/// <summary>10,000 plans; scripts/time-catalogue shows how long the looks took.</summary>
public sealed class ManyPlansTests(ITestOutputHelper output)
{
    private const int Sets = 500;
    private const int PlansInSet = 20;

    [Fact]
    public void Ten_thousand_plans_are_read_once_and_then_only_what_changed()
    {
        using var folder = new RuleFolder();
        for (var plan = 0; plan < Sets * PlansInSet; plan++)
        {
            folder.Write(Number(plan / PlansInSet), Number(plan), RuleFolder.Plan($"echo {plan}"));
        }

        var first = Timed("first look", () => folder.Scan());
        var clock = new LaterClock();
        var settled = folder.Scan(first, clock);
        Assert.Same(settled, Timed("look without any change", () => folder.Scan(settled, clock)));
        folder.Write(Number(77), Number(1555), RuleFolder.Plan("changed"));
        var changed = Timed("look after one change", () => folder.Scan(settled, clock)).Snapshot;

        Assert.Equal(Sets * PlansInSet, first.Snapshot.Names().Length);
        Assert.All(Enumerable.Range(0, Sets * PlansInSet), plan =>
            Assert.Equal($"echo {plan}", first.Snapshot.Command(Number(plan / PlansInSet), Number(plan))));
        Assert.Equal("changed", changed.Command(Number(77), Number(1555)));
        Assert.Equal(
            (Sets * PlansInSet) - 1,
            changed.Sets.Values.SelectMany(set => set.Plans.Values)
                .Count(entry => ReferenceEquals(entry, first.Snapshot.Find(entry.Set, entry.Name))));
    }

    private T Timed<T>(string what, Func<T> look)
    {
        var watch = Stopwatch.StartNew();
        var result = look();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: {watch.Elapsed.TotalMilliseconds:0} ms"));
        return result;
    }

    private static string Number(int number) => number.ToString("00000", CultureInfo.InvariantCulture);
}
