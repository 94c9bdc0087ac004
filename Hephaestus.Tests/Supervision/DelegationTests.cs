using Hephaestus.Server.Configuration;
using Hephaestus.Server.Supervision;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Supervision;

/// <summary>Nothing is written to control groups that were not left to the server, whatever its user may do.</summary>
public sealed class DelegationTests : IDisposable
{
    private readonly TestCgroup _cgroup = TestCgroup.Make();

    public void Dispose() => _cgroup.Dispose();

    /// <summary>The server is put where systemd puts a service, with and without the mark that systemd sets for Delegate=yes.</summary>
    [Theory]
    [InlineData("1", true)]
    [InlineData("0", false)]
    public async Task Control_groups_are_made_in_the_servers_own_one_only_where_that_is_delegated(string mark, bool delegated)
    {
        if (_cgroup.Directory is null)
        {
            await AssertDoesAsync(CgroupSetting.Auto);
            return;
        }

        _cgroup.Mark(mark);
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        home.Step("p", gate.Wait);
        await using var server = await home.StartByAsync($"echo $$ >{_cgroup.Directory}/cgroup.procs; exec \"$@\"");
        using var client = new ServerClient(server);
        var id = await client.ExecuteAsync("set", "p");
        await gate.ArrivedAsync();

        Assert.Contains(
            delegated ? _cgroup.Said : $"steps have no control groups of their own: {_cgroup.Directory} is not delegated to this server", server.Said);
        Assert.Equal(delegated ? 1 : 0, _cgroup.Attempts.Length);
        gate.Open();
        Assert.Equal(State.Ok, (await client.EndedAsync(id)).State);
        await home.SettledAsync();
        Assert.Equal(0, await server.StopAsync());
        await Remnants.GoneAsync(home);
        Assert.Empty(Directory.GetDirectories(_cgroup.Directory));
    }

    [Fact]
    public Task To_be_able_to_write_is_not_enough() => AssertDoesAsync(CgroupSetting.Auto);

    [Fact]
    public Task They_can_be_switched_off() => AssertDoesAsync(new CgroupSetting(null, IsOff: true));

    [Theory]
    [InlineData("/proc/self", "it is no control group of version 2")]
    [InlineData("/nowhere", "it is no control group of version 2")]
    public async Task A_server_whose_configuration_names_what_is_none_refuses_to_start(string directory, string why)
    {
        await using var home = new ServerHome($"exec.cgroup = {directory}");
        await using var server = ServerProcess.Launch(home);

        Assert.Equal(2, await server.ExitedAsync());

        Assert.Contains($"hephaestus: exec.cgroup: steps cannot have control groups below {directory}: {why}", server.Errors);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Check_says_whether_steps_have_control_groups_and_makes_none(bool named)
    {
        await using var home = new ServerHome(named ? _cgroup.Setting : "exec.cgroup = /nowhere");

        var (exitCode, lines) = await CheckTests.CheckAsync(home);

        Assert.Equal(named ? 0 : 2, exitCode);
        Assert.Contains(lines, line => line.StartsWith(
            named ? _cgroup.Said : "exec.cgroup: steps cannot have control groups below /nowhere", StringComparison.Ordinal));
        Assert.Empty(_cgroup.Directory is null ? [] : Directory.GetDirectories(_cgroup.Directory));
    }

    /// <summary>As this process finds that it may, which is where the server is too.</summary>
    private static async Task AssertDoesAsync(CgroupSetting setting)
    {
        var delegation = Delegation.Find(setting);
        await using var home = new ServerHome($"exec.cgroup = {setting}");
        home.Step("p", "cat /proc/self/cgroup");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);

        var execution = await client.RunAsync("set", "p");

        Assert.Contains(delegation.Said, server.Said);
        Assert.Equal(delegation.Directory is null, File.ReadAllText("/proc/self/cgroup") == home.Output(execution.Id));
    }
}
