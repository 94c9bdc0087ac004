using System.Collections.Concurrent;
using Grpc.Core;
using Hephaestus.Protocol;
using Hephaestus.Tests.Cli;
using Gate = Hephaestus.Tests.EndToEnd.Gate;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>A server that takes no more executions and waits for those that it took.</summary>
public sealed class DrainTests
{
    [Fact]
    public async Task Everything_that_was_accepted_comes_to_its_end_and_nothing_else_begins()
    {
        await using var home = new ServerHome("exec.max_concurrent = 1", "access.anonymous = admin");
        using var gate = new Gate(home);
        Gated(home, gate);
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var wish = new PlanArg { Set = "set", Plan = "p", RequestId = "asked before" };
        var running = (await client.Calls.ExecuteAsync(wish).ResponseAsync.DefaultTimeout()).Id;
        await gate.ArrivedAsync();
        var queued = await client.ExecuteAsync("set", "p");

        using var drain = client.Calls.Drain(new DrainRequest());
        var first = await NextAsync(drain);
        Assert.Equal((true, false, 1u, 1u), (first.Draining, first.Drained, first.Running, first.Queued));
        Assert.Equal([(running, State.Running), (queued, State.Queued)], first.Left.Select(left => (left.Id, left.State)));
        await RefusedAsync(() => client.ExecuteAsync("set", "p"));
        Assert.Equal(running, (await client.Calls.ExecuteAsync(wish).ResponseAsync.DefaultTimeout()).Id);
        Assert.True((await client.Calls.ListExecutionsAsync(new ListExecutionsRequest()).ResponseAsync.DefaultTimeout()).Draining);
        var check = await client.Calls.CheckPlanAsync(new CheckPlanRequest { Set = "set", Plan = "p" }).ResponseAsync.DefaultTimeout();
        Assert.Equal(Admission.Refuse, check.Admission);

        gate.Open();
        await gate.ArrivedAsync();
        gate.Open();
        var last = first;
        while (await drain.ResponseStream.MoveNext(CancellationToken.None).DefaultTimeout())
        {
            last = drain.ResponseStream.Current.Progress ?? last;
        }

        Assert.Equal((true, true, 0u, 0u), (last.Draining, last.Drained, last.Running, last.Queued));
        Assert.Equal(State.Ok, (await client.GetAsync(queued)).State);
        await server.SaysAsync("Drained: all executions that were accepted have ended");
        await RefusedAsync(() => client.ExecuteAsync("set", "p"));
        Assert.True((await LookAsync(client)).Drained);
    }

    [Fact]
    public async Task Resuming_is_refused_too_also_when_only_asked_about()
    {
        await using var home = new ServerHome("access.anonymous = admin");
        home.Plan("set", "p", "<plan id=\"p\"></plan>\n<step name=\"s\">false</step>\n");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var failed = await client.RunAsync("set", "p");

        await BeginAsync(client);

        foreach (var only in new[] { true, false })
        {
            var request = new ResumeExecutionRequest { Id = failed.Id, CheckOnly = only };
            await RefusedAsync(() => client.Calls.ResumeExecutionAsync(request).ResponseAsync.DefaultTimeout());
        }

        Assert.Equal(4, (await CliProcess.RunAsync(server, "exec", "--resume", $"{failed.Id}", "--dry-run")).ExitCode);
        Assert.Equal([failed.Id], await client.PlansAsync());
    }

    [Fact]
    public async Task A_caller_that_goes_away_changes_nothing_and_undo_ends_the_others()
    {
        await using var home = new ServerHome("access.anonymous = admin");
        using var gate = new Gate(home);
        Gated(home, gate);
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var id = await client.ExecuteAsync("set", "p");
        await gate.ArrivedAsync();
        using (var gone = client.Calls.Drain(new DrainRequest()))
        {
            await NextAsync(gone);
        }

        await RefusedAsync(() => client.ExecuteAsync("set", "p"));
        using var stays = client.Calls.Drain(new DrainRequest());
        await NextAsync(stays);
        using (var undo = client.Calls.Drain(new DrainRequest { Undo = true }))
        {
            Assert.False((await NextAsync(undo)).Draining);
        }

        Assert.False((await NextAsync(stays)).Draining);
        Assert.False(await stays.ResponseStream.MoveNext(CancellationToken.None).DefaultTimeout());
        gate.Open(2);
        await client.EndedAsync(await client.ExecuteAsync("set", "p"));
        await client.EndedAsync(id);
    }

    [Fact]
    public async Task A_restart_takes_executions_again_and_goes_on_with_what_ran()
    {
        await using var home = new ServerHome("access.anonymous = admin");
        using var gate = new Gate(home);
        Gated(home, gate);
        uint id;
        await using (var first = await home.StartAsync())
        {
            using var client = new ServerClient(first);
            id = await client.ExecuteAsync("set", "p");
            await gate.ArrivedAsync();
            using var waiting = client.Calls.Drain(new DrainRequest());
            await NextAsync(waiting);
            Assert.Equal(0, await first.StopAsync());
            var end = await Assert.ThrowsAsync<RpcException>(async () => await NextAsync(waiting));
            Assert.Equal((StatusCode.Unavailable, "the server is stopping"), (end.StatusCode, end.Status.Detail));
        }

        await using var second = await home.StartAsync();
        using var again = new ServerClient(second);

        Assert.False((await LookAsync(again)).Draining);
        gate.Open(2);
        Assert.Equal(State.Ok, (await again.EndedAsync(id)).State);
        Assert.Equal(State.Ok, (await again.RunAsync("set", "p")).State);
    }

    [Fact]
    public async Task Nothing_that_is_accepted_while_draining_begins_is_overlooked()
    {
        await using var home = new ServerHome("access.anonymous = admin");
        home.Plan("set", "p", "<plan id=\"p\"></plan>\n<step name=\"s\">true</step>\n");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var accepted = new ConcurrentBag<uint>();
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var callers = Enumerable.Range(0, 8).Select(_ => ExecuteUntilRefusedAsync()).ToArray();
        await enough.Task.DefaultTimeout();

        using var drain = client.Calls.Drain(new DrainRequest());
        while (await drain.ResponseStream.MoveNext(CancellationToken.None).DefaultTimeout())
        {
        }

        var atTheEnd = await client.Calls.ListExecutionsAsync(new ListExecutionsRequest { PageSize = 1000 }).ResponseAsync.DefaultTimeout();
        await Task.WhenAll(callers).DefaultTimeout();
        Assert.All(atTheEnd.Executions, execution => Assert.NotNull(execution.Ended));
        Assert.Equal(accepted.Order(), atTheEnd.Executions.Select(execution => execution.Id).Order());

        async Task ExecuteUntilRefusedAsync()
        {
            try
            {
                // So many that all fit into one page of the list.
                for (var time = 0; time < 100; time++)
                {
                    accepted.Add(await client.ExecuteAsync("set", "p"));
                    if (accepted.Count > 20)
                    {
                        enough.TrySetResult();
                    }
                }
            }
            catch (RpcException refused) when (refused.StatusCode == StatusCode.Unavailable)
            {
                // It drains.
            }
        }
    }

    [Fact]
    public async Task The_command_waits_for_the_end_and_is_refused_nothing_meanwhile_but_executions()
    {
        await using var home = new ServerHome("access.anonymous = admin");
        using var gate = new Gate(home);
        Gated(home, gate);
        await using var server = await home.StartAsync();
        var id = await StartAsync(server, "set", "p");
        await gate.ArrivedAsync();

        await using var drain = RunningCli.Start("-H", server.Address, "drain");
        await drain.LineAsync($"Draining: 1 running, 0 queued ({id} set/p Running)");
        var exec = await CliProcess.RunAsync(server, "exec", "--set", "set", "--name", "p");
        var status = await CliProcess.RunAsync(server, "drain", "--status", "--json");
        var plans = await CliProcess.RunAsync(server, "plans", "--long");
        await using var follower = RunningCli.Start("-H", server.Address, "status", "--id", $"{id}", "--follow");
        gate.Open();

        Assert.Equal((4, "", Refusal), (exec.ExitCode, exec.Out, exec.Err));
        Assert.Contains("\"draining\": true", status.Out);
        Assert.Contains("the server drains", plans.Err);
        Assert.Equal(0, (await follower.EndAsync()).ExitCode);
        var ended = await drain.EndAsync();
        Assert.Equal((0, ""), (ended.ExitCode, ended.Err));
        Assert.EndsWith("Drained: nothing runs, and no executions are taken\n", ended.Out, StringComparison.Ordinal);
        var json = await CliProcess.RunAsync(server, "drain", "--json");
        Assert.Equal("""{"type":"progress","draining":true,"drained":true,"running":0,"queued":0,"left":[]}""" + "\n", json.Out);
        Assert.Equal((0, "Executions are taken: 0 running, 0 queued\n"), Ended(await CliProcess.RunAsync(server, "drain", "--undo")));
        Assert.Equal((0, "Drained: nothing runs, and no executions are taken\n"), Ended(await CliProcess.RunAsync(server, "drain", "--no-wait")));
        Assert.Equal(2, (await CliProcess.RunAsync(server, "drain", "--no-wait", "--undo")).ExitCode);
    }

    [Fact]
    public async Task A_command_that_is_interrupted_says_that_draining_goes_on()
    {
        await using var home = new ServerHome("access.anonymous = admin");
        using var gate = new Gate(home);
        Gated(home, gate);
        await using var server = await home.StartAsync();
        await StartAsync(server, "set", "p");
        await gate.ArrivedAsync();
        await using var drain = RunningCli.Start("-H", server.Address, "drain");
        await drain.LineAsync("Draining");

        drain.Send(Signals.Interrupt);
        var ended = await drain.EndAsync();

        Assert.Equal((130, "hephaestus-cli: the server drains on; to take executions again: drain --undo\n"), (ended.ExitCode, ended.Err));
        Assert.Equal(4, (await CliProcess.RunAsync(server, "exec", "--set", "set", "--name", "p")).ExitCode);
    }

    [Fact]
    public async Task A_command_whose_server_is_restarted_does_not_drain_the_next_one()
    {
        await using var home = new ServerHome("access.anonymous = admin");
        using var gate = new Gate(home);
        Gated(home, gate);
        await using var first = await home.StartAsync();
        await StartAsync(first, "set", "p");
        await gate.ArrivedAsync();
        await using var drain = RunningCli.Start("-H", $"unix://{home.Socket}", "drain");
        await drain.LineAsync("Draining");

        await first.KillAsync();
        await using var second = await home.StartAsync();
        var ended = await drain.EndAsync();

        Assert.Equal(4, ended.ExitCode);
        Assert.EndsWith("the server drains no more: it was restarted, or somebody said drain --undo\n", ended.Err, StringComparison.Ordinal);
        using var client = new ServerClient(second);
        await client.ExecuteAsync("set", "p");
    }

    private const string Refusal =
        "hephaestus-cli: the server drains: it takes no executions until it is restarted, or somebody says hephaestus-cli drain --undo\n";

    /// <summary>Starts a plan and does not wait for it; gives its id.</summary>
    private static async Task<uint> StartAsync(ServerProcess server, string set, string plan) =>
        CliProcess.IdIn(await CliProcess.RunAsync(server, "exec", "--set", set, "--name", plan));

    private static (int, string) Ended(CliResult result) => (result.ExitCode, result.Out);

    private static void Gated(ServerHome home, Gate gate) =>
        home.Plan("set", "p", $"<plan id=\"p\"></plan>\n<step name=\"s\">\n{gate.Wait}\n</step>\n");

    private static async Task BeginAsync(ServerClient client)
    {
        using var call = client.Calls.Drain(new DrainRequest { NoWait = true });
        Assert.True((await NextAsync(call)).Draining);
        Assert.False(await call.ResponseStream.MoveNext(CancellationToken.None).DefaultTimeout());
    }

    private static async Task<DrainProgress> LookAsync(ServerClient client)
    {
        using var call = client.Calls.Drain(new DrainRequest { Look = true, NoWait = true });
        return await NextAsync(call);
    }

    private static async Task<DrainProgress> NextAsync(AsyncServerStreamingCall<DrainUpdate> call)
    {
        while (await call.ResponseStream.MoveNext(CancellationToken.None).DefaultTimeout())
        {
            if (call.ResponseStream.Current.Progress is { } progress)
            {
                return progress;
            }
        }

        throw new InvalidOperationException("The stream has ended.");
    }

    private static async Task RefusedAsync(Func<Task> ask)
    {
        var refusal = await Assert.ThrowsAsync<RpcException>(ask);
        Assert.Equal(StatusCode.Unavailable, refusal.StatusCode);
        Assert.Contains("drain --undo", refusal.Status.Detail);
    }
}
