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
        ["users"] = State.Ok,
    };

    [Fact]
    public async Task Every_sample_ends_as_it_says()
    {
        await using var home = new ServerHome($"plan.rule_dir = {Programs.Root}/plans");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);

        var ids = new Dictionary<string, uint>();
        foreach (var plan in s_ends.Keys.Where(plan => plan != "users" || Environment.IsPrivilegedProcess))
        {
            ids[plan] = await client.ExecuteAsync("samples", plan);
        }

        foreach (var (plan, id) in ids)
        {
            Assert.Equal((plan, s_ends[plan]), (plan, (await client.EndedAsync(id)).State));
        }
    }

    [Fact]
    public async Task The_sample_with_another_user_can_be_run_by_root_alone()
    {
        await using var home = new ServerHome($"plan.rule_dir = {Programs.Root}/plans");
        await using var server = await home.StartAsync();

        var listed = await CliProcess.RunAsync(server, "list-plan", "--set", "samples", "--name", "users");

        Assert.Equal(Environment.IsPrivilegedProcess ? 0 : 4, listed.ExitCode);
        Assert.Equal(!Environment.IsPrivilegedProcess, listed.Err.Contains("here 'nobody'", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_sample_is_tried()
    {
        var samples = Directory.EnumerateFiles(Path.Combine(Programs.Root, "plans/samples"), "*.conf");

        Assert.Equal(s_ends.Keys.Order(), samples.Select(Path.GetFileNameWithoutExtension).Order());
    }
}
