using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Supervision;

/// <summary>Steps outlive their supervisor, and how they end is known all the same.</summary>
public sealed class SupervisorKillTests
{
    [Fact]
    public async Task Steps_of_a_killed_supervisor_end_as_they_end_and_the_next_ones_run_under_a_new_one()
    {
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        home.Steps(
            "p",
            $"<step name=\"one\">\necho before; {gate.Wait}; seq 1 200000; exit 5\n</step>",
            "<recovery name=\"two\" parent=\"one\">\necho $PPID\n</recovery>",
            "<step name=\"three\">\necho three\n</step>");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var id = await client.ExecuteAsync("set", "p");
        await gate.ArrivedAsync();
        await client.WhenAsync(id, execution => execution.Steps[0].Pid != 0);
        var first = Remnants.SupervisorOf(home);

        await Remnants.GoneAsync(first, Signals.Kill);
        gate.Open();
        var execution = await client.EndedAsync(id);

        Assert.Equal([State.Nok, State.Ok, State.Ok], execution.Steps.Select(step => step.State));
        Assert.Equal(5, execution.Steps[0].Outcome.ExitCode);
        Assert.Equal("before\n" + string.Concat(Enumerable.Range(1, 200_000).Select(number => $"{number}\n")), home.Output(id));
        Assert.NotEqual($"{first}\n", home.Output(id, step: 2));
        Assert.Equal($"{Remnants.SupervisorOf(home)}\n", home.Output(id, step: 2));
        await AssertNothingIsLeftAsync(home, server);
    }

    [Fact]
    public async Task The_signal_that_ends_a_step_of_a_killed_supervisor_is_known()
    {
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        home.Step("p", $"{gate.Wait}; kill -SEGV $$");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var ids = new[] { await client.ExecuteAsync("set", "p"), await client.ExecuteAsync("set", "p") };
        foreach (var id in ids)
        {
            await gate.ArrivedAsync();
            await client.WhenAsync(id, execution => execution.Steps[0].Pid != 0);
        }

        await Remnants.GoneAsync(Remnants.SupervisorOf(home), Signals.Kill);
        gate.Open(2);

        foreach (var id in ids)
        {
            var outcome = (await client.EndedAsync(id)).Steps[0].Outcome;
            Assert.Equal((State.Failed, Cause.Signalled, 11), (outcome.State, outcome.Cause, outcome.Signal));
        }

        await AssertNothingIsLeftAsync(home, server);
    }

    [Fact]
    public async Task A_new_server_finds_out_how_a_step_ended_whose_supervisor_was_killed_with_the_server()
    {
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        home.Step("p", $"echo before; {gate.Wait}; echo after; exit 6");
        uint id;
        await using (var server = await home.StartAsync())
        {
            using var client = new ServerClient(server);
            id = await client.ExecuteAsync("set", "p");
            await gate.ArrivedAsync();
            await client.WhenAsync(id, execution => execution.Steps[0].Pid != 0);
            await client.WhenLogAsync(id, log => log.Out(1) == "before\n");
            await server.KillAsync();
            await Remnants.GoneAsync(Remnants.SupervisorOf(home), Signals.Kill);
        }

        await using var next = await home.StartAsync();
        using var again = new ServerClient(next);
        gate.Open();
        var execution = await again.EndedAsync(id);

        Assert.Equal((State.Nok, 6), (execution.State, execution.Steps[0].Outcome.ExitCode));
        Assert.Equal("before\nafter\n", home.Output(id));
        await AssertNothingIsLeftAsync(home, next);
    }

    [Fact]
    public async Task A_step_that_ends_unseen_when_server_and_supervisor_are_killed_is_lost_with_the_reason()
    {
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        home.Step("p", $"echo before; {gate.Wait}; exit 6");
        uint id;
        int pid;
        await using (var server = await home.StartAsync())
        {
            using var client = new ServerClient(server);
            id = await client.ExecuteAsync("set", "p");
            await gate.ArrivedAsync();
            pid = (int)(await client.WhenAsync(id, execution => execution.Steps[0].Pid != 0)).Steps[0].Pid;
            await client.WhenLogAsync(id, log => log.Out(1) == "before\n");
            await server.KillAsync();
            await Remnants.GoneAsync(Remnants.SupervisorOf(home), Signals.Kill);
        }

        gate.Open();
        await Remnants.ReapedAsync(pid);
        await using var next = await home.StartAsync();
        using var again = new ServerClient(next);
        var execution = await again.EndedAsync(id);

        Assert.Equal((State.Lost, Cause.Lost), (execution.State, execution.Steps[0].Outcome.Cause));
        Assert.Contains("ended unseen; nothing is left of its group", execution.Steps[0].Outcome.Reason, StringComparison.Ordinal);
        Assert.Equal("before\n", home.Output(id));
        await AssertNothingIsLeftAsync(home, next);
    }

    [Fact]
    public async Task A_step_of_a_killed_supervisor_outlives_a_restart_of_the_server_too_and_loses_nothing_that_it_prints_meanwhile()
    {
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        using var rest = new Gate(home, "rest");
        home.Step("p", $"echo before; {gate.Wait}; echo after; {rest.Wait}; exit 6");
        home.Step("next", "true");
        uint id;
        await using (var server = await home.StartAsync())
        {
            using var client = new ServerClient(server);
            id = await client.ExecuteAsync("set", "p");
            await gate.ArrivedAsync();
            await client.WhenAsync(id, execution => execution.Steps[0].Pid != 0);
            await Remnants.GoneAsync(Remnants.SupervisorOf(home), Signals.Kill);

            // When a step has run, there is a new supervisor, which took over before.
            Assert.Equal(State.Ok, (await client.RunAsync("set", "next")).State);
            Assert.Equal(0, await server.StopAsync());
        }

        gate.Open();
        await rest.ArrivedAsync();
        await using var again = await home.StartAsync();
        using var following = new ServerClient(again);
        await following.WhenLogAsync(id, log => log.Out(1) == "before\nafter\n");
        rest.Open();
        var execution = await following.EndedAsync(id);

        Assert.Equal((State.Nok, 6), (execution.State, execution.Steps[0].Outcome.ExitCode));
        Assert.Equal("before\nafter\n", home.Output(id));
        await AssertNothingIsLeftAsync(home, again);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_step_that_ended_unseen_runs_until_nothing_of_it_is_left(bool cancel)
    {
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        using var rest = new Gate(home, "rest");
        home.Steps("p", $"<step name=\"one\">\n({rest.Wait}) & {gate.Wait}; exit 6\n</step>", "<recovery name=\"two\" parent=\"one\">\necho two\n</recovery>");
        uint id;
        int pid;
        await using (var server = await home.StartAsync())
        {
            using var client = new ServerClient(server);
            id = await client.ExecuteAsync("set", "p");
            await gate.ArrivedAsync();
            await rest.ArrivedAsync();
            pid = (int)(await client.WhenAsync(id, execution => execution.Steps[0].Pid != 0)).Steps[0].Pid;
            await server.KillAsync();
            await Remnants.GoneAsync(Remnants.SupervisorOf(home), Signals.Kill);
        }

        gate.Open();
        await Remnants.ReapedAsync(pid);
        await using var next = await home.StartAsync();
        using var again = new ServerClient(next);
        await again.WhenLogAsync(id, log => log.Remarks.Any(line => line.Contains("exit status unknown", StringComparison.Ordinal)));
        Assert.Equal(State.Running, (await again.GetAsync(id)).Steps[0].State);
        if (cancel)
        {
            await again.CancelAsync(id);
        }
        else
        {
            rest.Open();
        }

        var execution = await again.EndedAsync(id);

        Assert.Equal(
            cancel ? [State.Cancelled, State.DidNotRun] : [State.Lost, State.Ok], execution.Steps.Select(step => step.State));
        await AssertNothingIsLeftAsync(home, next);
    }

    [Fact]
    public async Task A_cancelled_step_of_a_killed_supervisor_is_ended_and_the_log_says_by_what_means_that_is_known()
    {
        await using var home = new ServerHome("exec.grace = 1m");
        using var gate = new Gate(home);
        home.Step("p", $"sleep 1000 & {gate.Wait}");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var id = await client.ExecuteAsync("set", "p");
        await gate.ArrivedAsync();
        await client.WhenAsync(id, execution => execution.Steps[0].Pid != 0);
        await Remnants.GoneAsync(Remnants.SupervisorOf(home), Signals.Kill);

        await client.CancelAsync(id);
        var execution = await client.EndedAsync(id);

        Assert.Equal((State.Cancelled, 15), (execution.State, execution.Steps[0].Outcome.Signal));
        Assert.Contains((await client.LogAsync(id)).Remarks, line => line.Contains(
            "nothing of it is left (its supervisor was killed: looked for by session", StringComparison.Ordinal));
        await AssertNothingIsLeftAsync(home, server);
    }

    private static async Task AssertNothingIsLeftAsync(ServerHome home, ServerProcess server)
    {
        await home.SettledAsync();
        Assert.Equal(0, await server.StopAsync());
        await Remnants.GoneAsync(home);
    }
}
