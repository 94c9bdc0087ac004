using Hephaestus.Server.Supervision;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Supervision;

/// <summary>
/// Each attempt has a control group of its own where one can be had; where not, the server says so and everything works
/// without.
/// </summary>
public sealed class CgroupTests : IDisposable
{
    private readonly TestCgroup _cgroup = TestCgroup.Make();

    private bool Has => _cgroup.Directory is not null;

    public void Dispose() => _cgroup.Dispose();

    [Fact]
    public async Task A_step_is_born_in_its_own_control_group_which_goes_with_it()
    {
        await using var home = new ServerHome(_cgroup.Setting);
        using var gate = new Gate(home);
        home.Step("p", $"cat /proc/self/cgroup; {gate.Wait}; exit 3");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        Assert.Contains(_cgroup.Said, server.Said);

        var id = await client.ExecuteAsync("set", "p");
        await gate.ArrivedAsync();
        var own = _cgroup.Attempts;
        gate.Open();
        var execution = await client.EndedAsync(id);

        Assert.Equal((State.Nok, 3), (execution.State, execution.Steps[0].Outcome.ExitCode));
        Assert.Equal(Has ? 1 : 0, own.Length);
        Assert.Equal(Has, home.Output(id).Contains($"/{Path.GetFileName(own.FirstOrDefault())}\n", StringComparison.Ordinal) && Has);
        await AssertNothingIsLeftAsync(home, server);
    }

    [Fact]
    public async Task The_supervisor_is_in_no_steps_control_group()
    {
        await using var home = new ServerHome(_cgroup.Setting);
        using var gate = new Gate(home);
        home.Step("p", gate.Wait);
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var supervisor = Remnants.SupervisorOf(home);
        var before = File.ReadAllText($"/proc/{supervisor}/cgroup");

        var ids = new[] { await client.ExecuteAsync("set", "p"), await client.ExecuteAsync("set", "p") };
        foreach (var id in ids)
        {
            await gate.ArrivedAsync();
            await client.WhenAsync(id, execution => execution.Steps[0].Pid != 0);
        }

        Assert.Equal(Has ? 2 : 0, _cgroup.Attempts.Length);
        Assert.Equal(before, File.ReadAllText($"/proc/{supervisor}/cgroup"));
        gate.Open(2);
        foreach (var id in ids)
        {
            Assert.Equal(State.Ok, (await client.EndedAsync(id)).State);
        }

        await AssertNothingIsLeftAsync(home, server);
    }

    /// <summary>Beside another step, where nothing but its control group tells whose the daemon is.</summary>
    [Fact]
    public async Task A_daemon_that_left_everything_but_its_control_group_is_ended_with_its_step_and_no_others()
    {
        await using var home = new ServerHome("exec.grace = 0s", _cgroup.Setting);
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

        var remarks = (await client.LogAsync(id)).Remarks;
        Assert.Contains(remarks, line => line.Contains(Has
            ? "nothing of it is left (its control group is empty)"
            : $"may still be running, nothing tells whose they are: {daemon} (sleep)", StringComparison.Ordinal));
        Assert.Equal(Has, ProcessTable.Find(daemon) is null);
        await Remnants.GoneAsync(daemon, Signals.Kill);
        other.Open();
        Assert.Equal(State.Ok, (await client.EndedAsync(untouched)).State);
        Assert.Equal("untouched\n", home.Output(untouched));
        await AssertNothingIsLeftAsync(home, server);
    }

    [Fact]
    public async Task What_forks_faster_than_it_is_looked_at_is_ended_with_its_control_group()
    {
        await using var home = new ServerHome("exec.grace = 0s", _cgroup.Setting);
        using var gate = new Gate(home);

        // Each process starts the next one in a session of its own, without any mark, and ends.
        var hare = Path.Combine(home.Directory, "hare");
        File.WriteAllText(hare, "#!/bin/bash\nsetsid env -i /bin/bash \"$0\" </dev/null >/dev/null 2>&1 &\nexit 0\n");
        home.Step("p", Has ? $"/bin/bash {hare}; {gate.Wait}" : gate.Wait);
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var id = await client.ExecuteAsync("set", "p");
        await gate.ArrivedAsync();

        await client.CancelAsync(id);
        Assert.Equal(State.Cancelled, (await client.EndedAsync(id)).State);

        Assert.Contains((await client.LogAsync(id)).Remarks, line => line.Contains($"nothing of it is left ({_cgroup.Evidence}", StringComparison.Ordinal));
        await AssertNothingIsLeftAsync(home, server);
    }

    [Fact]
    public async Task A_cancelled_step_whose_supervisor_and_server_were_killed_is_ended_by_way_of_its_control_group()
    {
        await using var home = new ServerHome("exec.grace = 0s", _cgroup.Setting);
        using var gate = new Gate(home);
        home.Step("p", Has ? $"{Daemon(home, gate)}; {gate.Wait}" : $"{gate.Arrive}; {gate.Wait}");
        uint id;
        await using (var killed = await home.StartAsync())
        {
            using var client = new ServerClient(killed);
            id = await client.ExecuteAsync("set", "p");
            await gate.ArrivedAsync();
            await gate.ArrivedAsync();
            await client.WhenAsync(id, execution => execution.Steps[0].Pid != 0);
            await killed.KillAsync();
            await Remnants.GoneAsync(Remnants.SupervisorOf(home), Signals.Kill);
        }

        await using var server = await home.StartAsync();
        using var next = new ServerClient(server);
        await next.CancelAsync(id);
        Assert.Equal(State.Cancelled, (await next.EndedAsync(id)).State);

        Assert.Contains((await next.LogAsync(id)).Remarks, line => line.Contains(Has
            ? "nothing of it is left (its control group is empty)"
            : "nothing of it is left (its supervisor was killed: looked for by session", StringComparison.Ordinal));
        await AssertNothingIsLeftAsync(home, server);
    }

    [Fact]
    public async Task A_lost_steps_reason_says_what_its_control_group_tells()
    {
        await using var home = new ServerHome(_cgroup.Setting);
        using var gate = new Gate(home);
        home.Step("p", $"{gate.Wait}; exit 6");
        uint id;
        int pid;
        await using (var killed = await home.StartAsync())
        {
            using var client = new ServerClient(killed);
            id = await client.ExecuteAsync("set", "p");
            await gate.ArrivedAsync();
            pid = (int)(await client.WhenAsync(id, execution => execution.Steps[0].Pid != 0)).Steps[0].Pid;
            await killed.KillAsync();
            await Remnants.GoneAsync(Remnants.SupervisorOf(home), Signals.Kill);
        }

        gate.Open();
        await Remnants.ReapedAsync(pid);
        await using var server = await home.StartAsync();
        using var next = new ServerClient(server);
        var execution = await next.EndedAsync(id);

        Assert.Equal(
            (State.Lost, $"its supervisor was killed, and it ended unseen; nothing is left of its {(Has ? "group, session and control group" : "group and session")}"),
            (execution.State, execution.Steps[0].Outcome.Reason));
        await AssertNothingIsLeftAsync(home, server);
    }

    [Fact]
    public async Task A_control_group_that_something_outlived_its_step_in_is_removed_when_that_has_ended()
    {
        await using var home = new ServerHome(_cgroup.Setting);
        using var gate = new Gate(home);
        home.Step("p", Daemon(home, gate));
        await using (var before = await home.StartAsync())
        {
            using var client = new ServerClient(before);
            Assert.Equal(State.Ok, (await client.RunAsync("set", "p")).State);
            await gate.ArrivedAsync();
            await home.SettledAsync();
            Assert.Equal(0, await before.StopAsync());
        }

        Assert.Equal(Has ? 1 : 0, _cgroup.Attempts.Length);
        Assert.NotNull(ProcessTable.Find(DaemonOf(home)));
        await Remnants.GoneAsync(DaemonOf(home), Signals.Kill);
        await using var server = await home.StartAsync();
        Assert.Empty(_cgroup.Attempts);
        await AssertNothingIsLeftAsync(home, server);
    }

    [RootFact]
    public async Task The_user_of_a_step_cannot_change_its_control_group()
    {
        await using var home = new ServerHome(_cgroup.Setting);
        home.Step("p", "at=$(sed -n 's/^0:://p' /proc/self/cgroup); for d in /sys/fs/cgroup/unified /sys/fs/cgroup; do"
            + " for f in \"$d$at\" \"$d$at/cgroup.procs\" \"$d$at/cgroup.kill\" \"$d$at/..\"; do [ ! -w \"$f\" ] || echo \"$f\"; done; done; id -un",
            "user=\"nobody\"");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);

        var execution = await client.RunAsync("set", "p");

        Assert.Equal((State.Ok, "nobody\n"), (execution.State, home.Output(execution.Id)));
        await AssertNothingIsLeftAsync(home, server);
    }

    [Fact]
    public async Task A_step_whose_control_group_cannot_be_made_runs_without_and_the_server_says_why()
    {
        await using var home = new ServerHome(_cgroup.Setting);
        using var gate = new Gate(home);
        home.Step("p", $"{gate.Wait}; echo ran");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        if (Has)
        {
            File.WriteAllText(Path.Combine(_cgroup.Directory!, "cgroup.max.descendants"), "1");
        }

        var id = await client.ExecuteAsync("set", "p");
        await gate.ArrivedAsync();
        gate.Open();

        Assert.Equal((State.Ok, "ran\n"), ((await client.EndedAsync(id)).State, home.Output(id)));
        Assert.Empty(_cgroup.Attempts);
        await server.SaysAsync(Has ? "Steps run without control groups of their own: " : _cgroup.Said);
        await AssertNothingIsLeftAsync(home, server);
    }

    /// <summary>Starts a process that no session, group, environment or open output ties to its step.</summary>
    private static string Daemon(ServerHome home, Gate gate) =>
        $"(setsid env -i /bin/bash -c 'echo $$ >{home.Directory}/daemon; {gate.Arrive}; exec /bin/sleep 1000' </dev/null >/dev/null 2>&1 &)";

    private static int DaemonOf(ServerHome home) => int.Parse(File.ReadAllText(Path.Combine(home.Directory, "daemon")));

    /// <summary>No process, and no control group either.</summary>
    private async Task AssertNothingIsLeftAsync(ServerHome home, ServerProcess server)
    {
        await home.SettledAsync();
        Assert.Equal(0, await server.StopAsync());
        await Remnants.GoneAsync(home);
        Assert.Empty(_cgroup.Directory is null ? [] : Directory.GetDirectories(_cgroup.Directory));
    }
}
