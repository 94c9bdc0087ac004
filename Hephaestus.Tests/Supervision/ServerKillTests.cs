using Grpc.Core;
using Hephaestus.Protocol;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Supervision;

/// <summary>Steps and followers outlive the server.</summary>
public sealed class ServerKillTests
{
    [Fact]
    public async Task A_step_that_prints_more_than_its_FIFO_holds_while_the_server_is_down_loses_nothing()
    {
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        home.Step("p", $"{gate.Wait}; seq 1 300000; seq 1 100000 >&2; exit 7");
        var id = (await StartedAsync(home, gate)).Id;

        gate.Open();
        var execution = await EndedAsync(home, id);

        Assert.Equal(7, execution.Steps[0].Outcome.ExitCode);
        Assert.Equal(Numbers(300_000), home.Output(id));
        Assert.Equal(Numbers(100_000), home.Output(id, "err"));
    }

    [Fact]
    public async Task A_step_that_ends_while_the_server_is_down_keeps_its_output_its_exit_code_and_its_time()
    {
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        home.Steps(
            "p",
            $"<step name=\"s\">\n{gate.Wait}\nseq 1 5000; exit 9\n</step>",
            $"<recovery name=\"r\" parent=\"s\">\necho recovered\n</recovery>");
        var left = await StartedAsync(home, gate);

        gate.Open();
        await home.RecordedAsync();
        var ended = DateTimeOffset.UtcNow;
        var id = left.Id;
        var execution = await EndedAsync(home, id);

        Assert.Equal([State.Nok, State.Ok], execution.Steps.Select(step => step.State));
        Assert.Equal(9, execution.Steps[0].Outcome.ExitCode);
        Assert.True(execution.Steps[0].Ended.ToDateTimeOffset() <= ended);
        Assert.Equal(Numbers(5000), home.Output(id));
        Assert.Equal("recovered\n", home.Output(id, step: 2));
    }

    [Fact]
    public async Task A_server_that_is_killed_again_and_again_loses_nothing()
    {
        const int kills = 8;
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        home.Steps(
            "p",
            $"<step name=\"s\">\n{gate.Wait}; seq 1 3000000; exit 3\n</step>",
            $"<recovery name=\"r\" parent=\"s\">\necho recovered >>{home.Directory}/recovered\n</recovery>");
        var id = (await StartedAsync(home, gate)).Id;

        gate.Open();
        for (var kill = 0; kill < kills; kill++)
        {
            await using var server = await home.StartAsync();
            await server.KillAsync();
        }

        Assert.Equal([State.Nok, State.Ok], (await EndedAsync(home, id)).Steps.Select(step => step.State));
        Assert.Equal(Numbers(3_000_000), home.Output(id));
        Assert.Equal("recovered\n", File.ReadAllText(Path.Combine(home.Directory, "recovered")));
    }

    [Fact]
    public async Task A_follower_goes_on_after_a_restart_without_gap_or_repetition_even_within_a_line()
    {
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        home.Step("p", $"seq 1 1000; printf half; {gate.Wait}; echo ' and half'; seq 1001 2000");
        var log = new ReadLog();
        uint id;
        await using (var server = await home.StartAsync())
        {
            using var client = new ServerClient(server);
            id = await client.ExecuteAsync("set", "p");
            await gate.ArrivedAsync();
            await FollowAsync(client, id, log, () => log.Out(1).EndsWith("half", StringComparison.Ordinal));
            await server.KillAsync();
        }

        gate.Open();
        await using var next = await home.StartAsync();
        using var again = new ServerClient(next);
        await FollowAsync(again, id, log, () => log.End is not null);

        Assert.Equal(Numbers(1000) + "half and half\n" + Numbers(2000)[Numbers(1000).Length..], log.Out(1));
        Assert.Equal(home.Output(id), log.Out(1));
        log.AssertEachLineOnce();
    }

    [Fact]
    public async Task Stopping_the_server_ends_streams_at_once_and_leaves_steps_running()
    {
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        home.Step("p", $"{gate.Wait}; echo done");
        uint id;
        await using (var server = await home.StartAsync())
        {
            using var client = new ServerClient(server);
            id = await client.ExecuteAsync("set", "p");
            await gate.ArrivedAsync();
            using var follower = client.Calls.FollowLog(new FollowLogRequest { Id = id });
            using var watcher = client.Calls.WatchExecutions(new WatchExecutionsRequest());
            Task[] ends = [EndOf(follower.ResponseStream), EndOf(watcher.ResponseStream)];
            Assert.Equal(0, await server.StopAsync());
            await Task.WhenAll(ends).DefaultTimeout();
            Assert.DoesNotContain("fail", server.Said);
        }

        Assert.NotEqual(0, Remnants.SupervisorOf(home));
        gate.Open();
        Assert.Equal(State.Ok, (await EndedAsync(home, id)).State);
        Assert.Equal("done\n", home.Output(id));
    }

    [Fact]
    public async Task Events_go_on_after_a_restart_from_the_sequence_number_that_a_watcher_had()
    {
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        home.Step("p", gate.Wait);
        var left = await StartedAsync(home, gate);
        var (id, seen) = (left.Id, left.Sequence);
        gate.Open();

        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var execution = await client.EndedAsync(id);

        using var call = client.Calls.WatchExecutions(new WatchExecutionsRequest { AfterSequence = seen, Id = id });
        var missed = new List<ExecutionEvent>();
        while (missed.LastOrDefault()?.Ended is null && await call.ResponseStream.MoveNext(default).DefaultTimeout())
        {
            if (call.ResponseStream.Current.Event is { } happened)
            {
                missed.Add(happened);
            }
        }

        Assert.Equal(execution.Sequence, missed[^1].Sequence);
        Assert.All(missed, happened => Assert.True(happened.Sequence > seen));
        Assert.Contains(missed, happened => happened.StepEnded is not null);
    }

    /// <summary>Runs the plan up to the gate, then kills the server.</summary>
    private static async Task<Execution> StartedAsync(ServerHome home, Gate gate)
    {
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var id = await client.ExecuteAsync("set", "p");
        await gate.ArrivedAsync();
        var execution = await client.WhenAsync(id, execution => execution.Steps[0].Pid != 0);
        await server.KillAsync();
        return execution;
    }

    private static async Task<Execution> EndedAsync(ServerHome home, uint id)
    {
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var execution = await client.EndedAsync(id);
        await home.SettledAsync();
        Assert.Equal(0, await server.StopAsync());
        await Remnants.GoneAsync(home);
        return execution;
    }

    private static async Task FollowAsync(ServerClient client, uint id, ReadLog log, Func<bool> enough)
    {
        using var call = client.Calls.FollowLog(new FollowLogRequest { Id = id, From = log.Next ?? new Cursor() });
        while (!enough())
        {
            Assert.True(await call.ResponseStream.MoveNext(default).DefaultTimeout());
            log.Take(call.ResponseStream.Current);
        }
    }

    private static async Task EndOf<T>(IAsyncStreamReader<T> stream)
    {
        var end = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await stream.MoveNext(default))
            {
            }
        });
        Assert.Equal(StatusCode.Unavailable, end.StatusCode);
    }

    private static string Numbers(int to) => string.Concat(Enumerable.Range(1, to).Select(number => $"{number}\n"));
}
