using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Docs;

/// <summary>The sample plans end as their first lines say, as whatever user the server runs.</summary>
public sealed class SampleTests
{
    private static readonly Dictionary<string, State> s_ends = new()
    {
        ["backup"] = State.Ok,
        ["environment"] = State.Ok,
        ["hello"] = State.Ok,
        ["long"] = State.Ok,
        ["recovery"] = State.Nok,
        ["retries"] = State.Ok,
        ["users"] = Environment.IsPrivilegedProcess ? State.Ok : State.Failed,
    };

    [Fact]
    public async Task Every_sample_ends_as_it_says()
    {
        await using var home = new ServerHome($"plan.rule_dir = {Programs.Root}/plans");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);

        var ids = new Dictionary<string, uint>();
        foreach (var plan in s_ends.Keys)
        {
            ids[plan] = await client.ExecuteAsync("samples", plan);
        }

        foreach (var (plan, end) in s_ends)
        {
            Assert.Equal((plan, end), (plan, (await client.EndedAsync(ids[plan])).State));
        }
    }

    [Fact]
    public void Every_sample_is_tried()
    {
        var samples = Directory.EnumerateFiles(Path.Combine(Programs.Root, "plans/samples"), "*.conf");

        Assert.Equal(s_ends.Keys.Order(), samples.Select(Path.GetFileNameWithoutExtension).Order());
    }
}
