using Hephaestus.Tests.Chaos;
using Hephaestus.Tests.Fuzz.Areas;

namespace Hephaestus.Tests.Fuzz;

/// <summary>The short form of scripts/fuzz, and the proof that its checks find what is wrong.</summary>
public sealed class FuzzTests
{
    private const int Seed = 1;

    /// <summary>Only a failure makes it matter.</summary>
    private static readonly TimeSpan s_time = TimeSpan.FromMinutes(20);

    [Theory]
    [InlineData("http2", 300)]
    [InlineData("grpc", 400)]
    [InlineData("protobuf", 600)]
    [InlineData("plans", 120)]
    [InlineData("configuration", 12)]
    [InlineData("state", 24)]
    [InlineData("journal", 2)]
    [InlineData("supervisor", 400)]
    public async Task Whatever_is_thrown_at_it_a_server_stays_well(string area, int count)
    {
        var output = new StringWriter();
        await using var ground = await Ground.OpenAsync();

        var campaign = new FuzzCampaign(new FuzzExtent(Seed, 1, count, s_time), output);

        Assert.True(await campaign.RunAsync([.. FuzzCampaign.Areas.Where(each => each.Name == area)], ground, CancellationToken.None), output.ToString());
        Assert.Contains($"inputs: {area} {count}; failures: 0", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_seed_makes_the_same_inputs()
    {
        foreach (var area in FuzzCampaign.Areas)
        {
            var inputs = Enumerable.Range(1, 50).Select(number => area.Make(Dice.Of(7, 3, number))).ToArray();

            Assert.Equal(inputs, Enumerable.Range(1, 50).Select(number => area.Make(Dice.Of(7, 3, number))));
            Assert.NotEqual(inputs, Enumerable.Range(1, 50).Select(number => area.Make(Dice.Of(8, 3, number))));
        }
    }

    [Fact]
    public async Task A_wrong_byte_of_a_log_and_an_end_of_the_server_are_found()
    {
        var falsify = false;
        await using var target = await Target.StartAsync(received: bytes => falsify ? [.. bytes[..^1], (byte)'?'] : bytes);
        Assert.Null(await target.WrongAsync(CancellationToken.None));

        falsify = true;
        Assert.Contains("is not what was printed", await target.WrongAsync(CancellationToken.None), StringComparison.Ordinal);

        await target.Server.KillAsync();
        Assert.Contains("the server has ended, with 137", await target.WrongAsync(CancellationToken.None), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fail: Some.Thing[0] text", true)]
    [InlineData("crit: Some.Thing[0] text", true)]
    [InlineData("warn: Some.Thing[0] text System.IOException: x", true)]
    [InlineData("   at Hephaestus.Server.Main()", true)]
    [InlineData("Unhandled exception. ", true)]
    [InlineData("warn: Hephaestus.Server.Standard.Draining[0] Draining, asked for by the local socket", false)]
    [InlineData("Ready: listening on http://127.0.0.1:1", false)]
    public void Faults_in_the_servers_log_are_told_from_what_is_right(string line, bool fault) => Assert.Equal(fault, Target.IsFault(line));

    [Theory]
    [InlineData("200", "0", "", true)]
    [InlineData("200", "5", "there is no plan", true)]
    [InlineData("200", "13", "Message that cannot be deserialized.", true)]
    [InlineData("415", null, "", true)]
    [InlineData("200", "2", "", false)]
    [InlineData("200", "13", "an error of the server", false)]
    [InlineData("200", "14", "the server cannot read or write", false)]
    [InlineData("200", "3", "System.ArgumentException: x", false)]
    [InlineData("200", "3", "%1B[31m", false)]
    [InlineData("200", null, "", false)]
    [InlineData("500", null, "", false)]
    public void Answers_that_make_no_sense_are_told_from_others(string http, string? status, string message, bool right) =>
        Assert.Equal(right, CallArea.Wrong(http, status, message) is null);

    [Fact]
    public void Growth_is_found()
    {
        var first = new Holding(100, 200, 20);

        Assert.Null(new Holding(100 + Holding.MemoryMargin, 200 + Holding.DescriptorMargin, 20 + Holding.ThreadMargin).Beyond(first));
        Assert.Contains("memory", (first with { Memory = 101 + Holding.MemoryMargin }).Beyond(first), StringComparison.Ordinal);
        Assert.Contains("descriptors", (first with { Descriptors = 201 + Holding.DescriptorMargin }).Beyond(first), StringComparison.Ordinal);
        Assert.Contains("threads", (first with { Threads = 21 + Holding.ThreadMargin }).Beyond(first), StringComparison.Ordinal);
    }
}
