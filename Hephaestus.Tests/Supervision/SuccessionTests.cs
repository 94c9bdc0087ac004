using Hephaestus.Server.Supervision;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Supervision;

/// <summary>A supervisor of another build serves until it holds nothing; then it goes, and the server's own takes its place.</summary>
public sealed class SuccessionTests
{
    [Theory]
    [InlineData("older", "1-1")]
    [InlineData("as new", "1-2")]
    [InlineData("newer", "2-9")]
    public async Task Steps_of_another_builds_supervisor_end_as_they_end_and_the_next_ones_run_under_the_servers_own(string build, string protocol)
    {
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        using var second = new Gate(home, "second");
        home.Step("p", $"echo before; {gate.Wait}; seq 1 100000; exit 5");
        home.Step("q", $"echo $PPID; {second.Wait}");
        home.Step("r", "echo $PPID");
        await using var before = await home.StartAsync(("HEPHAESTUS_BUILD", build), ("HEPHAESTUS_PROTOCOL", protocol));
        using var client = new ServerClient(before);
        var running = await client.ExecuteAsync("set", "p");
        await gate.ArrivedAsync();
        await client.WhenAsync(running, execution => execution.Steps[0].Pid != 0);
        var old = Remnants.SupervisorOf(home);
        Assert.Equal(0, await before.StopAsync());

        await using var server = await home.StartAsync();
        using var upgraded = new ServerClient(server);
        await server.SaysAsync($"The supervisor {old} is another build of this program");
        var started = await upgraded.ExecuteAsync("set", "q");
        await second.ArrivedAsync();
        gate.Open();
        var first = await upgraded.EndedAsync(running);
        Assert.Equal(old, Remnants.SupervisorOf(home));
        second.Open();
        var next = await upgraded.EndedAsync(started);
        await Remnants.GoneAsync(old);
        var last = await upgraded.RunAsync("set", "r");

        Assert.Equal((State.Nok, 5), (first.State, first.Steps[0].Outcome.ExitCode));
        Assert.Equal("before\n" + string.Concat(Enumerable.Range(1, 100_000).Select(number => $"{number}\n")), home.Output(running));
        Assert.Equal((State.Ok, $"{old}\n"), (next.State, home.Output(started)));
        Assert.Equal((State.Ok, $"{Remnants.SupervisorOf(home)}\n"), (last.State, home.Output(last.Id)));
        Assert.NotEqual($"{old}\n", home.Output(last.Id));
        await server.SaysAsync($"The supervisor {old} holds nothing any more and is gone");
        await AssertNothingIsLeftAsync(home, server);
    }

    [Fact]
    public async Task A_cancel_ends_a_step_of_another_builds_supervisor()
    {
        await using var home = new ServerHome("exec.grace = 1m");
        using var gate = new Gate(home);
        home.Step("p", $"sleep 1000 & {gate.Wait}");
        await using var before = await home.StartAsync(("HEPHAESTUS_BUILD", "older"), ("HEPHAESTUS_PROTOCOL", "1-1"));
        using var client = new ServerClient(before);
        var id = await client.ExecuteAsync("set", "p");
        await gate.ArrivedAsync();
        await before.KillAsync();
        var old = Remnants.SupervisorOf(home);

        await using var server = await home.StartAsync();
        using var upgraded = new ServerClient(server);
        await upgraded.CancelAsync(id);
        Assert.Equal(State.Cancelled, (await upgraded.EndedAsync(id)).State);

        await Remnants.GoneAsync(old);
        await AssertNothingIsLeftAsync(home, server);
    }

    [Fact]
    public async Task Another_builds_supervisor_that_is_killed_is_replaced_too()
    {
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        home.Step("p", $"{gate.Wait}; echo after; exit 6");
        home.Step("q", "echo $PPID");
        await using var before = await home.StartAsync(("HEPHAESTUS_BUILD", "older"));
        using var client = new ServerClient(before);
        var id = await client.ExecuteAsync("set", "p");
        await gate.ArrivedAsync();
        await client.WhenAsync(id, execution => execution.Steps[0].Pid != 0);
        await before.StopAsync();
        await using var server = await home.StartAsync();
        using var upgraded = new ServerClient(server);
        await upgraded.WhenAsync(id, execution => execution.Steps[0].Pid != 0);

        await Remnants.GoneAsync(Remnants.SupervisorOf(home), Signals.Kill);
        var next = await upgraded.RunAsync("set", "q");
        gate.Open();
        var execution = await upgraded.EndedAsync(id);

        Assert.Equal((State.Nok, 6, "after\n"), (execution.State, execution.Steps[0].Outcome.ExitCode, home.Output(id)));
        Assert.Equal($"{Remnants.SupervisorOf(home)}\n", home.Output(next.Id));
        await AssertNothingIsLeftAsync(home, server);
    }

    [Theory]
    [InlineData("8-9", "1-2")]
    [InlineData("1-2", "8-9")]
    public async Task A_server_that_cannot_talk_to_the_supervisor_refuses_to_start_and_nothing_is_lost(string its, string own)
    {
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        home.Step("p", $"echo before; {gate.Wait}; echo after; exit 4");
        home.Step("q", "echo $PPID");
        (string, string)[] other = [("HEPHAESTUS_BUILD", "other"), ("HEPHAESTUS_PROTOCOL", its)];
        await using var before = await home.StartAsync(other);
        using var client = new ServerClient(before);
        var id = await client.ExecuteAsync("set", "p");
        await gate.ArrivedAsync();
        await client.WhenAsync(id, execution => execution.Steps[0].Pid != 0);
        var old = Remnants.SupervisorOf(home);
        Assert.Equal(0, await before.StopAsync());

        await using var refused = ServerProcess.Launch(home, ("HEPHAESTUS_PROTOCOL", own));
        Assert.Equal(2, await refused.ExitedAsync());
        Assert.Contains(
            $"hephaestus: the supervisor {old} of {home.State} speaks versions {its.Replace("-", " to ")} of its protocol, "
            + $"this program versions {own.Replace("-", " to ")}, and it holds steps; start hephaestus",
            refused.Errors);

        await using var back = await home.StartAsync(other);
        using var again = new ServerClient(back);
        gate.Open();
        var execution = await again.EndedAsync(id);
        Assert.Equal((State.Nok, 4, "before\nafter\n"), (execution.State, execution.Steps[0].Outcome.ExitCode, home.Output(id)));
        await home.SettledAsync();
        Assert.Equal(0, await back.StopAsync());
        await Remnants.GoneAsync(old);
        await using var server = await home.StartAsync(("HEPHAESTUS_PROTOCOL", own));
        using var upgraded = new ServerClient(server);
        Assert.Equal($"{Remnants.SupervisorOf(home)}\n", home.Output((await upgraded.RunAsync("set", "q")).Id));
        await AssertNothingIsLeftAsync(home, server);
    }

    private static async Task AssertNothingIsLeftAsync(ServerHome home, ServerProcess server)
    {
        await home.SettledAsync();
        Assert.Equal(0, await server.StopAsync());
        await Remnants.GoneAsync(home);
    }
}
