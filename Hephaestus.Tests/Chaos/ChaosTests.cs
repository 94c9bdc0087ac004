using Hephaestus.Tests.Chaos.Acts;

namespace Hephaestus.Tests.Chaos;

/// <summary>The short form of scripts/chaos.</summary>
public sealed class ChaosTests
{
    private const int Seed = 1;
    private const int Rounds = 6;

    [Fact]
    public async Task Whatever_is_killed_full_or_dropped_every_end_is_the_truth()
    {
        var output = new StringWriter();
        var campaign = new Campaign(Seed, Rounds, Extent.Short, output);
        Assert.True(await campaign.RunAsync(1, CancellationToken.None), output.ToString());
    }
}
