using Hephaestus.Server.Supervision;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Supervision;

/// <summary>A cancel ends all that belongs to a step, nothing else, and says what it did.</summary>
public sealed class CancelTests
{
    [Theory]
    [InlineData("0s")]
    [InlineData("1s")]
    public async Task A_step_that_ignores_SIGTERM_is_killed_after_its_grace(string grace)
    {
        await using var home = new ServerHome($"exec.grace = {grace}");
        using var gate = new Gate(home);
        home.Steps("p", $"<step name=\"s\">\ntrap '' TERM; {gate.Arrive}; exec sleep 1000\n</step>", "<step name=\"next\">\ntrue\n</step>");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var id = await client.ExecuteAsync("set", "p");
        await gate.ArrivedAsync();

        await client.CancelAsync(id, "enough");
        var execution = await client.EndedAsync(id);

        Assert.Equal(State.Cancelled, execution.State);
        Assert.Equal([State.Cancelled, State.DidNotRun], execution.Steps.Select(step => step.State));
        Assert.Equal((Cause.Cancelled, 9), (execution.Steps[0].Outcome.Cause, execution.Steps[0].Outcome.Signal));
        var remarks = (await client.LogAsync(id)).Remarks;
        Assert.Contains(remarks, line => line.Contains(": enough", StringComparison.Ordinal));
        Assert.Contains(remarks, line => line.Contains("SIGKILL sent after " + grace[..1] + " s", StringComparison.Ordinal));
        Assert.Contains(remarks, line => line.Contains("nothing of it is left", StringComparison.Ordinal));
        await AssertNothingIsLeftAsync(home, server);
    }

    [Fact]
    public async Task A_step_may_clean_up_within_its_grace()
    {
        await using var home = new ServerHome("exec.grace = 1h");
        using var gate = new Gate(home);
        home.Step("p", $"trap 'echo cleaned; exit 4' TERM; {gate.Arrive}; while :; do {gate.Pass}; done");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var id = await client.ExecuteAsync("set", "p");
        await gate.ArrivedAsync();

        await client.CancelAsync(id);
        var execution = await client.EndedAsync(id);

        Assert.Equal((State.Cancelled, 4), (execution.Steps[0].State, execution.Steps[0].Outcome.ExitCode));
        Assert.Equal("cleaned\n", home.Output(id));
        await AssertNothingIsLeftAsync(home, server);
    }

    [Fact]
    public async Task A_daemon_that_left_the_session_and_cleared_its_environment_is_gone()
    {
        await using var home = new ServerHome("exec.grace = 1m");
        using var gate = new Gate(home);
        home.Step("p", $"{Daemon(home, gate)}; {gate.Wait}");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var id = await client.ExecuteAsync("set", "p");
        await gate.ArrivedAsync();
        await gate.ArrivedAsync();
        var daemon = DaemonOf(home);

        await client.CancelAsync(id);
        await client.EndedAsync(id);

        Assert.Null(ProcessTable.Find(daemon));
        var remarks = (await client.LogAsync(id)).Remarks;
        Assert.Contains(remarks, line => line.Contains($"{daemon} (sleep)", StringComparison.Ordinal));
        Assert.Contains(remarks, line => line.Contains("nothing of it is left", StringComparison.Ordinal));
        await AssertNothingIsLeftAsync(home, server);
    }

    [Fact]
    public async Task A_daemon_that_may_be_another_executions_is_left_alone_and_named()
    {
        await using var home = new ServerHome("exec.grace = 1m");
        using var gate = new Gate(home);
        using var other = new Gate(home, "other");
        home.Step("p", $"{Daemon(home, gate)}; {gate.Wait}");
        home.Step("other", $"sleep 1000 & {other.Wait}; kill $!; echo untouched");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var untouched = await client.ExecuteAsync("set", "other");
        await other.ArrivedAsync();
        var id = await client.ExecuteAsync("set", "p");
        await gate.ArrivedAsync();
        await gate.ArrivedAsync();
        var daemon = DaemonOf(home);

        await client.CancelAsync(id);
        Assert.Equal(State.Cancelled, (await client.EndedAsync(id)).State);

        Assert.Contains((await client.LogAsync(id)).Remarks, line => line.Contains(
            $"may still be running, nothing tells whose they are: {daemon} (sleep)", StringComparison.Ordinal));
        Assert.NotNull(ProcessTable.Find(daemon));
        other.Open();
        Assert.Equal(State.Ok, (await client.EndedAsync(untouched)).State);
        Assert.Equal("untouched\n", home.Output(untouched));
        await Remnants.GoneAsync(daemon, Signals.Kill);
        await AssertNothingIsLeftAsync(home, server);
    }

    [Fact]
    public async Task A_daemon_that_an_earlier_execution_left_is_not_taken_for_the_cancelled_ones()
    {
        await using var home = new ServerHome("exec.grace = 1m");
        using var gate = new Gate(home);
        home.Step("long", gate.Wait);
        home.Step("starts-a-daemon", Daemon(home, gate));
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var id = await client.ExecuteAsync("set", "long");
        await gate.ArrivedAsync();
        Assert.Equal(State.Ok, (await client.RunAsync("set", "starts-a-daemon")).State);
        await gate.ArrivedAsync();
        var daemon = DaemonOf(home);

        await client.CancelAsync(id);
        await client.EndedAsync(id);

        Assert.NotNull(ProcessTable.Find(daemon));
        await Remnants.GoneAsync(daemon, Signals.Kill);
        await AssertNothingIsLeftAsync(home, server);
    }

    [Fact]
    public async Task An_execution_that_waits_for_its_turn_can_be_cancelled()
    {
        await using var home = new ServerHome("exec.max_concurrent = 1");
        using var gate = new Gate(home);
        home.Step("p", $"{gate.Wait}");
        home.Step("never", $"echo ran >{home.Directory}/ran");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var first = await client.ExecuteAsync("set", "p");
        await gate.ArrivedAsync();
        var queued = await client.ExecuteAsync("set", "never");
        Assert.Equal(State.Queued, (await client.GetAsync(queued)).State);

        await client.CancelAsync(queued);
        var cancelled = await client.EndedAsync(queued);

        Assert.Equal((State.Cancelled, State.DidNotRun), (cancelled.State, cancelled.Steps[0].State));
        Assert.False(File.Exists(Path.Combine(home.Directory, "ran")));
        gate.Open();
        Assert.Equal(State.Ok, (await client.EndedAsync(first)).State);
        await AssertNothingIsLeftAsync(home, server);
    }

    [Fact]
    public async Task A_cancel_of_one_that_waits_is_told_in_its_log_also_by_the_next_server()
    {
        await using var home = new ServerHome("exec.max_concurrent = 1");
        using var gate = new Gate(home);
        home.Step("p", gate.Wait);

        // The third commit: the first two are of the execution that runs.
        await using var survivor = await Survivor.StartAsync(home, "committed:3");
        var first = await survivor.DoAsync(client => client.ExecuteAsync("set", "p"));
        await gate.ArrivedAsync();
        await survivor.DoAsync(client => client.WhenAsync(first, execution => execution.Steps[0].Pid != 0));
        var queued = await survivor.DoAsync(client => client.ExecuteAsync("set", "p"));
        await survivor.DoAsync(async client => await client.GetAsync(queued) is { CancelledBy: not "" } asked ? asked : await client.CancelAsync(queued));
        await survivor.CrashedAsync();

        Assert.Equal(State.Cancelled, (await survivor.DoAsync(client => client.EndedAsync(queued))).State);
        var remarks = (await survivor.DoAsync(client => client.LogAsync(queued))).Remarks;

        Assert.Single(remarks, line => line.StartsWith("----> Cancelled by", StringComparison.Ordinal));
        Assert.Single(remarks, line => line == "----> Plan ended: Cancelled");
        gate.Open();
        Assert.Equal(State.Ok, (await survivor.DoAsync(client => client.EndedAsync(first))).State);
        await AssertNothingIsLeftAsync(home, survivor.Server);
    }

    [Fact]
    public async Task A_cancel_whose_server_dies_before_the_signal_is_completed_by_the_next_one()
    {
        await using var home = new ServerHome("exec.grace = 0s");
        using var gate = new Gate(home);
        home.Steps(
            "p",
            $"<step name=\"s\">\n(trap '' TERM; sleep 1000) & {Daemon(home, gate)}; {gate.Wait}\n</step>",
            $"<recovery name=\"r\" parent=\"s\">\necho ran >{home.Directory}/ran\n</recovery>",
            $"<step name=\"next\">\necho ran >{home.Directory}/ran\n</step>");
        await using var survivor = await Survivor.StartAsync(home, "cancelling");
        var id = await survivor.DoAsync(client => client.ExecuteAsync("set", "p"));
        await gate.ArrivedAsync();
        await gate.ArrivedAsync();
        var daemon = DaemonOf(home);
        await survivor.DoAsync(async client => await client.CancelAsync(id));
        await survivor.CrashedAsync();

        var execution = await survivor.DoAsync(client => client.EndedAsync(id));

        Assert.Equal(State.Cancelled, execution.State);
        Assert.Equal([State.Cancelled, State.DidNotRun, State.DidNotRun], execution.Steps.Select(step => step.State));
        Assert.False(File.Exists(Path.Combine(home.Directory, "ran")));
        Assert.Null(ProcessTable.Find(daemon));
        var remarks = (await survivor.DoAsync(client => client.LogAsync(id))).Remarks;
        Assert.Single(remarks, line => line.StartsWith("----> Cancelled by", StringComparison.Ordinal));
        Assert.Contains(remarks, line => line.Contains("nothing of it is left", StringComparison.Ordinal));
        await AssertNothingIsLeftAsync(home, survivor.Server);
    }

    [Fact]
    public async Task A_cancel_whose_step_ends_by_itself_after_the_servers_death_ends_what_it_left()
    {
        await using var home = new ServerHome("exec.grace = 0s");
        using var gate = new Gate(home);
        home.Step("p", $"(trap '' TERM; exec sleep 1000) & echo $! >{home.Directory}/daemon; {gate.Wait}");
        await using var survivor = await Survivor.StartAsync(home, "cancelling");
        var id = await survivor.DoAsync(client => client.ExecuteAsync("set", "p"));
        await gate.ArrivedAsync();
        var pid = (int)(await survivor.DoAsync(client => client.WhenAsync(id, execution => execution.Steps[0].Pid != 0))).Steps[0].Pid;
        await survivor.DoAsync(async client => await client.CancelAsync(id));
        await survivor.Server.ExitedAsync();
        gate.Open();
        await Remnants.GoneAsync(pid);

        await survivor.CrashedAsync();
        var execution = await survivor.DoAsync(client => client.EndedAsync(id));

        Assert.Equal((State.Cancelled, 0), (execution.Steps[0].State, execution.Steps[0].Outcome.ExitCode));
        Assert.Null(ProcessTable.Find(DaemonOf(home)));
        await AssertNothingIsLeftAsync(home, survivor.Server);
    }

    /// <summary>Starts a process that no session, group, environment or open output ties to its step.</summary>
    private static string Daemon(ServerHome home, Gate gate) =>
        $"(setsid env -i /bin/bash -c 'echo $$ >{home.Directory}/daemon; {gate.Arrive}; exec /bin/sleep 1000' </dev/null >/dev/null 2>&1 &)";

    private static int DaemonOf(ServerHome home) => int.Parse(File.ReadAllText(Path.Combine(home.Directory, "daemon")));

    private static async Task AssertNothingIsLeftAsync(ServerHome home, ServerProcess server)
    {
        await home.SettledAsync();
        Assert.Equal(0, await server.StopAsync());
        await Remnants.GoneAsync(home);
    }
}
