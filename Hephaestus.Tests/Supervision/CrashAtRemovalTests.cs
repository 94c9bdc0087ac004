using Hephaestus.Protocol;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Supervision;

/// <summary>Kills the server while retention removes a log: the next one finishes that.</summary>
public sealed class CrashAtRemovalTests
{
    /// <summary>In the order in which they are reached.</summary>
    public static TheoryData<string> Points => ["log-decided", "log-renamed", "log-unlinked", "log-finished"];

    [Theory]
    [MemberData(nameof(Points))]
    public async Task A_removal_that_was_cut_short_is_finished_by_the_next_server(string point)
    {
        await using var home = Home("history.keep_count = 1");
        await using var survivor = await Survivor.StartAsync(home, point);
        await survivor.DoAsync(client => client.RunAsync("set", "plan"));

        // Its end makes the log of the first too many; a repeated request does not run it twice.
        var second = new PlanArg { Set = "set", Plan = "plan", RequestId = "second" };
        await survivor.DoAsync(client => client.Calls.ExecuteAsync(second).ResponseAsync.DefaultTimeout());
        await survivor.DoAsync(client => client.EndedAsync(2));
        await survivor.CrashedAsync();

        await AssertGoneAsync(home, survivor);
    }

    [Fact]
    public async Task It_is_finished_also_when_nothing_is_to_be_removed_any_more()
    {
        await using var home = Home("history.keep_count = 1");
        await using (var first = await Survivor.StartAsync(home, "log-decided"))
        {
            await first.DoAsync(client => client.RunAsync("set", "plan"));
            await first.DieAsync(client => client.ExecuteAsync("set", "plan"));
        }

        Assert.True(Directory.Exists(home.Log(1)));
        var lines = await File.ReadAllLinesAsync(home.Configuration);
        await File.WriteAllLinesAsync(home.Configuration, lines.Where(line => !line.Contains("history.", StringComparison.Ordinal)));
        await using var survivor = await Survivor.StartAsync(home, "never");

        await AssertGoneAsync(home, survivor);
    }

    private static ServerHome Home(string configuration)
    {
        var home = new ServerHome(configuration);
        home.Plan("set", "plan", "<plan id=\"p\"></plan>\n<step name=\"a\">echo hello</step>\n");
        return home;
    }

    private static async Task AssertGoneAsync(ServerHome home, Survivor survivor)
    {
        await RemovedLogs.FinishedAsync(home, 1);
        var execution = await survivor.DoAsync(client => client.GetAsync(1));
        Assert.Equal((State.Ok, "history.keep_count = 1"), (execution.State, execution.LogRemovedWhy));
        Assert.Equal(["2"], Directory.GetDirectories(Path.GetDirectoryName(home.Log(1))!).Select(Path.GetFileName));
        Assert.Equal(0, RemovedLogs.Ask(home, "SELECT count(*) FROM events WHERE execution = 1"));
        Assert.Equal(1, RemovedLogs.Ask(home, "SELECT kept FROM numbers"));
        Assert.Equal(0, await survivor.Server.StopAsync());
        await Remnants.GoneAsync(home);
    }
}
