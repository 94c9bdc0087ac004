using Hephaestus.Protocol;
using Hephaestus.Server.Supervision;
using Hephaestus.Tests.EndToEnd;
using Hephaestus.Tests.Supervision;

namespace Hephaestus.Tests.Containers;

/// <summary>The built server as the first process of a container.</summary>
public sealed class FirstProcessTests
{
    /// <summary>Ends when nothing in there is a zombie any more.</summary>
    private const string NoZombies = "while grep -qE '^[0-9]+ \\(.*\\) Z' /proc/[0-9]*/stat 2>/dev/null; do sleep 0.02; done; echo none";

    [ContainerFact]
    public async Task Whatever_has_lost_its_parent_is_reaped_and_a_stop_is_clean()
    {
        await using var home = new ServerHome();
        home.Step("p", $"(setsid sleep 1000 >/dev/null 2>&1 &); ( (exec true) & ); {NoZombies}");
        await using var server = await home.StartByAsync(Container.Running());
        using var client = new ServerClient(server);
        Container.Beside(server, "(sleep 0 &); ( (exec true) & )");

        var execution = await client.RunAsync("set", "p");

        Assert.Equal((State.Ok, "none\n"), (execution.State, home.Output(execution.Id)));
        Assert.Equal(0, await server.StopAsync());
        Assert.Contains("Stopped; this was the first process of a container: what runs there ends with it", server.Said);
        await Remnants.GoneAsync(home);
    }

    [ContainerFact]
    public async Task How_the_steps_of_a_killed_supervisor_end_is_known_and_they_are_reaped()
    {
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        home.Step("p", $"{gate.Wait}; exit 5");
        home.Step("killed", $"{gate.Wait}; kill -SEGV $$");
        home.Step("looks", NoZombies);
        await using var server = await home.StartByAsync(Container.Running());
        using var client = new ServerClient(server);
        var ids = new[] { await client.ExecuteAsync("set", "p"), await client.ExecuteAsync("set", "killed") };
        foreach (var id in ids)
        {
            await gate.ArrivedAsync();
            await client.WhenAsync(id, execution => execution.Steps[0].Pid != 0);
        }

        await Remnants.GoneAsync(Remnants.SupervisorOf(home), Signals.Kill);
        gate.Open(2);

        Assert.Equal(5, (await client.EndedAsync(ids[0])).Steps[0].Outcome.ExitCode);
        Assert.Equal(11, (await client.EndedAsync(ids[1])).Steps[0].Outcome.Signal);
        Assert.Equal(State.Ok, (await client.RunAsync("set", "looks")).State);
        Assert.Equal(0, await server.StopAsync());
        await Remnants.GoneAsync(home);
    }

    /// <summary>In the next container the ids of processes begin at 1 again: what has an old one now is something else.</summary>
    [ContainerFact]
    public async Task What_ran_in_a_container_that_ended_is_lost_and_nothing_else_is_taken_for_it()
    {
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        home.Steps("p", $"<step name=\"one\">\n{gate.Wait}\n</step>", "<recovery name=\"two\" parent=\"one\">\necho recovered\n</recovery>");
        home.Step("waits", gate.Wait);
        uint pid;
        await using (var server = await home.StartByAsync(Container.Running()))
        {
            using var client = new ServerClient(server);
            await client.ExecuteAsync("set", "p");
            await gate.ArrivedAsync();
            pid = (await client.WhenAsync(1, execution => execution.Steps[0].Pid != 0)).Steps[0].Pid;
            Assert.Equal(0, await server.StopAsync());
            await Remnants.GoneAsync(home);
        }

        var other = $"echo {pid - 1} >/proc/sys/kernel/ns_last_pid; setsid sleep 1000 & test $! = {pid} || exit 9";
        await using var next = await home.StartByAsync(Container.Running(other));
        using var again = new ServerClient(next);
        var execution = await again.EndedAsync(1);

        Assert.Equal([State.Lost, State.Ok], execution.Steps.Select(step => step.State));
        Assert.Equal("recovered\n", home.Output(1, step: 2));
        Container.Beside(next, $"test \"$(cat /proc/{pid}/comm)\" = sleep");
        Assert.Equal(0, await next.StopAsync());
        await Remnants.GoneAsync(home);
    }

    [ContainerFact]
    public async Task Open_files_of_steps_are_limited_as_is_customary()
    {
        await using var home = new ServerHome();
        home.Step("p", "ulimit -Sn");
        await using var server = await home.StartByAsync(Container.Running());
        using var client = new ServerClient(server);

        var execution = await client.RunAsync("set", "p");

        Assert.Equal($"{Math.Min(1024, Libc.OpenFileLimits(0).Hard)}\n", home.Output(execution.Id));
    }
}
