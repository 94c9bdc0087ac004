using System.Net.Sockets;
using Hephaestus.Protocol;
using Hephaestus.Server.Supervision;
using Hephaestus.Tests.EndToEnd;
using Hephaestus.Tests.Supervision;

namespace Hephaestus.Tests.Limits;

/// <summary>The built server where open files or processes are few.</summary>
public sealed class ResourceTests
{
    /// <summary>A server of its own has some 210 open; the rest is soon used up.</summary>
    private const int FewFiles = 400;

    /// <summary>Processes and threads of one user: server and supervisor have some 45.</summary>
    private const int FewProcesses = 70;

    private const string Limited = "ulimit -Hn 400; ulimit -n 400; exec \"$@\"";

    [Fact]
    public async Task More_connections_than_there_are_descriptors_for_take_none_from_what_runs()
    {
        await using var home = new ServerHome();
        home.Step("p", "echo printed");
        await using var server = await home.StartByAsync(Limited);
        using var client = new ServerClient(server);
        Assert.Equal(State.Ok, (await client.RunAsync("set", "p")).State);
        var (crowd, address) = (new List<TcpClient>(), new Uri(server.Address));
        try
        {
            for (var connection = 0; connection < 2 * FewFiles; connection++)
            {
                crowd.Add(new TcpClient());
                await crowd[^1].ConnectAsync(address.Host, address.Port).DefaultTimeout();
            }

            Assert.Equal(State.Ok, (await client.RunAsync("set", "p")).State);
        }
        finally
        {
            crowd.ForEach(connection => connection.Dispose());
        }

        using var patience = new CancellationTokenSource(Timeouts.Default);
        while ((await CliProcess.RunAsync(server, "list-plan-sets")).ExitCode != 0)
        {
            // It has not noticed yet that the others have gone.
            Assert.False(patience.IsCancellationRequested);
        }

        Assert.Equal(State.Ok, (await client.RunAsync("set", "p")).State);
        Assert.Equal(0, await server.StopAsync());
    }

    [Theory]
    [InlineData(100, 16)]
    [InlineData(400, 20)]
    [InlineData(1024, 176)]
    [InlineData(524_288, 10_000)]
    public void Connections_leave_descriptors_for_executions(int openFiles, int expected) =>
        Assert.Equal(expected, Descriptors.ConnectionsOf((ulong)openFiles));

    [Fact]
    public async Task More_executions_than_there_are_descriptors_for_wait_and_all_end_right()
    {
        const int crowd = 80;
        await using var home = new ServerHome("log.late_output = 0s");
        using var gate = new Gate(home);
        home.Step("p", $"{gate.Pass}; echo $HEPHAESTUS_EXECUTION; echo err >&2");
        await using var server = await home.StartByAsync(Limited);
        using var client = new ServerClient(server);

        var ids = await Task.WhenAll(Enumerable.Range(0, crowd).Select(_ => client.ExecuteAsync("set", "p")));
        await server.SaysAsync("Too many open files");
        gate.Open(crowd);
        var executions = await Task.WhenAll(ids.Select(client.EndedAsync));

        Assert.All(executions, execution => Assert.Equal(State.Ok, execution.State));
        Assert.All(ids, id => Assert.Equal(($"{id}\n", "err\n"), (home.Output(id), home.Output(id, "err"))));
        await server.SaysAsync("what waited goes on");
        await home.SettledAsync();
        Assert.Equal(0, await server.StopAsync());
        await Remnants.GoneAsync(home);
    }

    [OtherUserFact]
    public async Task More_steps_than_there_may_be_processes_wait_and_all_end_right()
    {
        const int crowd = 60;
        await using var home = new ServerHome("log.late_output = 0s");
        using var gate = new Gate(home);
        home.Step("p", $"{gate.Pass}; echo $HEPHAESTUS_EXECUTION");
        await Journal.JournalDirectory.RunAsync("chown", "-R", $"{OtherUserFactAttribute.User}", home.Directory);
        await using var server = await home.StartByAsync(
            $"exec {OtherUserFactAttribute.As} env HOME={home.Directory} bash -c 'ulimit -u {FewProcesses}; exec \"$@\"' bash \"$@\"");
        using var client = new ServerClient(server);

        var ids = await Task.WhenAll(Enumerable.Range(0, crowd).Select(_ => client.ExecuteAsync("set", "p")));
        await server.SaysAsync("it cannot be started: Resource temporarily unavailable");
        await client.WaitsForAsync("it cannot be started: Resource temporarily unavailable");
        gate.Open(crowd);
        var executions = await Task.WhenAll(ids.Select(client.EndedAsync));

        Assert.All(executions, execution => Assert.Equal(State.Ok, execution.State));
        Assert.All(ids, id => Assert.Equal($"{id}\n", home.Output(id)));
        await home.SettledAsync();
        Assert.Equal(0, await server.StopAsync());
        await Remnants.GoneAsync(home);
    }
}
