using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Supervision;

/// <summary>Many executions at once.</summary>
public sealed class CrowdTests
{
    private const int Crowd = 200;

    /// <summary>The pools of the runtime grow and shrink; this is far below one thread for each execution.</summary>
    private const int MoreThreads = 20;

    [Fact]
    public async Task Two_hundred_executions_at_once_all_end_right_and_leave_nothing()
    {
        await using var home = new ServerHome();
        home.Steps(
            "p",
            "<step name=\"one\">\nseq 1 200\n</step>",
            "<step name=\"two\" parent=\"one\">\necho err >&2; exit 2\n</step>",
            "<recovery name=\"three\" parent=\"two\">\necho $HEPHAESTUS_EXECUTION\n</recovery>");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        Assert.Equal(State.Nok, (await client.RunAsync("set", "p")).State);
        await home.SettledAsync();
        var supervisor = Remnants.SupervisorOf(home);
        var before = new Usage(server.Pid, supervisor);

        var ids = await Task.WhenAll(Enumerable.Range(0, Crowd).Select(_ => client.ExecuteAsync("set", "p")));
        var executions = await Task.WhenAll(ids.Select(client.EndedAsync));
        await home.SettledAsync();

        Assert.Equal(Enumerable.Range(2, Crowd), ids.Order().Select(id => (int)id));
        foreach (var execution in executions)
        {
            Assert.Equal([State.Ok, State.Nok, State.Ok], execution.Steps.Select(step => step.State));
            Assert.Equal(200, home.Output(execution.Id).Count(letter => letter == '\n'));
            Assert.Equal("err\n", home.Output(execution.Id, "err", 2));
            Assert.Equal($"{execution.Id}\n", home.Output(execution.Id, "out", 3));
        }

        var after = new Usage(server.Pid, supervisor);
        Assert.Equal(before.SupervisorDescriptors, after.SupervisorDescriptors);
        Assert.InRange(after.ServerDescriptors, 0, before.ServerDescriptors + Usage.ClientConnections);
        Assert.InRange(after.SupervisorThreads, 0, before.SupervisorThreads + 2);
        Assert.InRange(after.ServerThreads, 0, before.ServerThreads + MoreThreads);
        Assert.Empty(Usage.ChildrenOf(supervisor));
        Assert.Equal(supervisor, Assert.Single(Usage.ChildrenOf(server.Pid)));
        Assert.Equal(0, await server.StopAsync());
        await Remnants.GoneAsync(home);
    }

    [Fact]
    public async Task The_queue_keeps_its_order_over_a_restart()
    {
        await using var home = new ServerHome("exec.max_concurrent = 3");
        using var gate = new Gate(home);
        home.Step("p", $"echo $HEPHAESTUS_EXECUTION >>{home.Directory}/order; {gate.Wait}");
        var ids = new List<uint>();
        await using (var server = await home.StartAsync())
        {
            using var client = new ServerClient(server);
            ids.AddRange(await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => client.ExecuteAsync("set", "p"))));
            await ArriveAsync(gate, 3);
            await PassOneByOneAsync(gate, 4);
            Assert.Equal(3, (await StatesAsync(client, ids)).Count(state => state == State.Running));
            await server.KillAsync();
        }

        await using var next = await home.StartAsync();
        using var again = new ServerClient(next);
        Assert.Equal(3, (await StatesAsync(again, ids)).Count(state => state == State.Running));
        await PassOneByOneAsync(gate, 13);
        gate.Open(3);
        foreach (var id in ids)
        {
            Assert.Equal(State.Ok, (await again.EndedAsync(id)).State);
        }

        var order = File.ReadAllLines(Path.Combine(home.Directory, "order")).Select(int.Parse).ToArray();
        Assert.Equal([1, 2, 3], order[..3].Order());
        Assert.Equal(Enumerable.Range(4, 17), order[3..]);
        await home.SettledAsync();
        Assert.Equal(0, await next.StopAsync());
        await Remnants.GoneAsync(home);
    }

    private static async Task ArriveAsync(Gate gate, int times)
    {
        for (var time = 0; time < times; time++)
        {
            await gate.ArrivedAsync();
        }
    }

    /// <summary>Each that passes makes room for the next, which is waited for.</summary>
    private static async Task PassOneByOneAsync(Gate gate, int times)
    {
        for (var time = 0; time < times; time++)
        {
            gate.Open();
            await gate.ArrivedAsync();
        }
    }

    private static async Task<State[]> StatesAsync(ServerClient client, IEnumerable<uint> ids) =>
        await Task.WhenAll(ids.Select(async id => (await client.GetAsync(id)).State));
}
