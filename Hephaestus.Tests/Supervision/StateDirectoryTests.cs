using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Supervision;

/// <summary>One server has a state directory, wherever it lies, for one boot of the machine.</summary>
public sealed class StateDirectoryTests
{
    [Fact]
    public async Task A_second_server_refuses_to_start_with_one_line()
    {
        await using var home = new ServerHome();
        await using var first = await home.StartAsync();
        await using var second = ServerProcess.Launch(home);

        Assert.Equal(2, await second.ExitedAsync());

        Assert.Contains($"hephaestus: the state directory {home.State} is in use by another server", second.Errors);
        Assert.Single(second.Troubles);
        Assert.Equal(0, await first.StopAsync());
    }

    [Fact]
    public async Task After_another_boot_what_ran_is_lost_and_nothing_starts_by_itself()
    {
        await using var home = new ServerHome("exec.max_concurrent = 1", "log.late_output = 0s");
        using var gate = new Gate(home);
        home.Steps(
            "p",
            $"<step name=\"s\">\necho before; {gate.Wait}\n</step>",
            $"<recovery name=\"r\" parent=\"s\">\necho ran >{home.Directory}/ran\n</recovery>");
        uint id, queued;
        int pid;
        await using (var server = await home.StartAsync())
        {
            using var client = new ServerClient(server);
            id = await client.ExecuteAsync("set", "p");
            await gate.ArrivedAsync();
            pid = (int)(await client.WhenAsync(id, execution => execution.Steps[0].Pid != 0)).Steps[0].Pid;
            await client.WhenLogAsync(id, log => log.Out(1) == "before\n");
            queued = await client.ExecuteAsync("set", "p");
            await server.KillAsync();
        }

        await Remnants.EndAsync(home);
        await using var next = await home.StartAsync(("HEPHAESTUS_BOOT_ID", "another"));
        using var again = new ServerClient(next);
        var lost = await again.EndedAsync(id);
        var never = await again.EndedAsync(queued);

        Assert.Equal((State.Lost, State.Lost), (lost.State, never.State));
        Assert.Equal([State.Lost, State.DidNotRun], lost.Steps.Select(step => step.State));
        Assert.Equal([State.DidNotRun, State.DidNotRun], never.Steps.Select(step => step.State));
        Assert.Contains("the machine was restarted", lost.Steps[0].Outcome.Reason);
        Assert.Equal("before\n", (await again.LogAsync(id)).Out(1));
        Assert.False(File.Exists(Path.Combine(home.Directory, "ran")));
        await home.SettledAsync();
        Assert.Equal(0, await next.StopAsync());
        await Remnants.GoneAsync(home);
    }

    [Fact]
    public async Task Its_path_may_be_longer_than_a_sockets()
    {
        var deep = string.Concat(Enumerable.Repeat("/a-rather-long-name-of-a-directory", 5));
        await using var home = new ServerHome();
        home.MoveState(home.Directory + deep);
        home.Step("p", "echo x");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);

        var execution = await client.RunAsync("set", "p");

        Assert.Equal(State.Ok, execution.State);
        Assert.Equal("x\n", home.Output(execution.Id));
        await home.SettledAsync();
        Assert.Equal(0, await server.StopAsync());
        await Remnants.GoneAsync(home);
    }

    [Fact]
    public async Task Files_of_attempts_that_nobody_knows_are_cleared_away()
    {
        await using var home = new ServerHome();
        Directory.CreateDirectory(home.Running);
        File.WriteAllText(Path.Combine(home.Running, "99-1-1.status"), "");
        File.WriteAllText(Path.Combine(home.Running, "99-1-1.out"), "");

        await using var server = await home.StartAsync();

        Assert.Empty(Directory.EnumerateFiles(home.Running));
    }
}
