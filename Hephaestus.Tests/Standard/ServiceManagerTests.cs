using Hephaestus.Server.Standard;
using Hephaestus.Tests.EndToEnd;
using Hephaestus.Tests.Journal;
using Hephaestus.Tests.Supervision;

namespace Hephaestus.Tests.Standard;

/// <summary>What the built server tells a service manager.</summary>
public sealed class ServiceManagerTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_is_told_that_the_server_starts_is_ready_drains_and_stops(bool withoutFile)
    {
        await using var home = new ServerHome();
        using var socket = new NotifySocket(withoutFile ? $"@hephaestus-test-{Guid.NewGuid():N}" : Path.Combine(home.Directory, "notify"));
        await using var server = await home.StartAsync(socket.Variable);

        var starting = await socket.UntilAsync("READY=1");
        Assert.Contains("EXTEND_TIMEOUT_USEC=60000000", starting.SelectMany(lines => lines));
        Assert.DoesNotContain("STOPPING=1", starting.SelectMany(lines => lines));
        Assert.Contains($"STATUS=Listening on {server.Address} and unix://{home.Socket}", starting[^1]);

        Assert.Equal(0, (await CliProcess.RunAsync(server, "drain")).ExitCode);
        await socket.UntilAsync("STATUS=Draining: executions are refused; those that were accepted go on");
        Assert.Equal(0, (await CliProcess.RunAsync(server, "drain", "--undo")).ExitCode);
        await socket.UntilAsync($"STATUS=Listening on {server.Address} and unix://{home.Socket}");

        Assert.Equal(0, await server.StopAsync());
        Assert.Contains("STATUS=Stopping", (await socket.UntilAsync("STOPPING=1"))[^1]);
    }

    [Theory]
    [InlineData("/nowhere/notify")]
    [InlineData("@nobody-listens-here")]
    [InlineData("not/absolute")]
    [InlineData("vsock:2:1234")]
    [InlineData("/tmp/more-than-fit-into-an-address/0123456789012345678901234567890123456789012345678901234567890123456789/012345678")]
    public async Task A_server_that_cannot_tell_it_says_so_once_and_serves(string name)
    {
        await using var home = new ServerHome();
        home.Step("p", "echo printed");
        await using var server = await home.StartAsync(("NOTIFY_SOCKET", name));
        using var client = new ServerClient(server);

        Assert.Equal(State.Ok, (await client.RunAsync("set", "p")).State);
        Assert.Equal(0, await server.StopAsync());
        Assert.Single(
            server.Errors.Split('\n'),
            line => line.StartsWith($"hephaestus: warning: NOTIFY_SOCKET: the service manager cannot be told anything at {name}: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task One_that_reads_nothing_holds_nothing_up_and_learns_the_newest_when_it_reads_again()
    {
        await using var home = new ServerHome();
        home.Step("p", "echo printed");
        using var socket = new NotifySocket(Path.Combine(home.Directory, "notify"));
        socket.Fill();
        await using var server = await home.StartAsync(socket.Variable);
        using var client = new ServerClient(server);
        Assert.Equal(State.Ok, (await client.RunAsync("set", "p")).State);

        var told = await socket.UntilAsync("READY=1");

        Assert.All(told.SkipLast(1), lines => Assert.Equal(["X_FILLER=1"], lines));
        Assert.Contains($"STATUS=Listening on {server.Address} and unix://{home.Socket}", told[^1]);
        socket.Fill();
        Assert.Equal(0, await server.StopAsync());
        Assert.Empty(server.Errors);
    }

    [Fact]
    public async Task What_it_says_to_the_server_is_said_neither_to_the_supervisor_nor_to_steps()
    {
        (string Name, string Value)[] said =
            [("WATCHDOG_USEC", "1"), ("LISTEN_FDS", "1"), ("STATE_DIRECTORY", "/nowhere"), ("CREDENTIALS_DIRECTORY", "/nowhere"), ("INVOCATION_ID", "1")];
        await using var home = new ServerHome();
        using var socket = new NotifySocket(Path.Combine(home.Directory, "notify"));
        home.Step("p", "env; tr '\\0' '\\n' </proc/$PPID/environ");
        await using var server = await home.StartAsync([socket.Variable, .. said, ("PASSED_ON", "yes")]);
        using var client = new ServerClient(server);

        var output = home.Output((await client.RunAsync("set", "p")).Id).Split('\n');

        Assert.Equal(2, output.Count(line => line == "PASSED_ON=yes"));
        Assert.DoesNotContain(output, line => said.Append(socket.Variable).Any(variable => line.StartsWith(variable.Name + "=", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("host.grpc.address = nonsense", "STATUS=The configuration cannot be used; the log says why")]
    [InlineData("plan.rule_dir = /etc/passwd", "the plans' directory /etc/passwd cannot be used")]
    public async Task It_is_told_why_a_start_failed(string setting, string why)
    {
        await using var home = new ServerHome(setting);
        using var socket = new NotifySocket(Path.Combine(home.Directory, "notify"));
        await using var server = ServerProcess.Launch(home, socket.Variable);
        Assert.Equal(2, await server.ExitedAsync());
        socket.Fill();

        var told = (await socket.UntilAsync("X_FILLER=1")).SelectMany(lines => lines).ToArray();

        Assert.Contains(told, line => line.Contains(why, StringComparison.Ordinal));
        Assert.DoesNotContain("READY=1", told);
    }

    [FactForRoot]
    public async Task A_start_that_waits_for_a_full_disk_asks_for_time_and_ends_when_it_is_told_to()
    {
        await using var disk = await SmallDisk.MountAsync("size=4m");
        await using var home = new ServerHome();
        home.MoveState(Path.Combine(disk.Directory.Root, "state"));
        await using (var first = await home.StartAsync())
        {
            await first.KillAsync();
            await Remnants.GoneAsync(home);
        }

        disk.Fill();
        using var socket = new NotifySocket(Path.Combine(home.Directory, "notify"));
        await using var server = ServerProcess.Launch(home, socket.Variable);

        var told = await socket.UntilAsync("EXTEND_TIMEOUT_USEC=60000000");
        while (!told.SelectMany(lines => lines).Any(line => line.EndsWith("free some space; the start waits for it", StringComparison.Ordinal)))
        {
            told = await socket.UntilAsync("EXTEND_TIMEOUT_USEC=60000000");
        }

        await server.SaysAsync("the start waits for it");
        Assert.Equal(0, await server.StopAsync());
        await socket.UntilAsync("STOPPING=1");
        Assert.Contains("Stopped before it was ready", server.Said);
    }

    [Theory]
    [InlineData(Impediments.None, "Listening on here")]
    [InlineData(Impediments.Draining | Impediments.DiskFull, "Steps wait, nothing is lost: the machine lacks something, the log says what")]
    internal void The_status_is_what_matters_most(Impediments impediments, string expected) =>
        Assert.Equal(expected, ServiceNotices.StatusOf(impediments, "here"));
}
