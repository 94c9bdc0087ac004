using Grpc.Core;
using Hephaestus.Protocol;
using Hephaestus.Tests.Supervision;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>What a wish to run a plan may say, through the programs: parameters, a request's id, an execution to go on from.</summary>
public sealed class RequestTests
{
    [Fact]
    public async Task Parameters_that_a_plan_names_reach_its_own_shell_and_setenv_wins()
    {
        await using var home = new ServerHome();
        home.Plan("set", "p", """
            <plan id="p" params="WHO LEVEL"></plan>
            <step name="s" setenv="LEVEL 3">echo "$WHO at $LEVEL"</step>
            """);
        await using var server = await home.StartAsync();

        var result = await CliProcess.RunAsync(
            server, "exec", "--set", "set", "--name", "p", "--param", "WHO=a  b=c", "--param", "LEVEL=9", "--follow");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains(" I a  b=c at 3\n", result.Out);
    }

    [Fact]
    public async Task A_parameter_that_the_plan_does_not_name_is_refused_and_nothing_runs()
    {
        await using var home = new ServerHome();
        home.Plan("set", "p", "<plan id=\"p\" params=\"WHO\"></plan>\n<step name=\"s\">true</step>\n");
        await using var server = await home.StartAsync();

        var result = await CliProcess.RunAsync(server, "exec", "--set", "set", "--name", "p", "--param", "LD_PRELOAD=x");

        Assert.Equal((4, "hephaestus-cli: the plan has no parameter \"LD_PRELOAD\"; it has WHO\n"), (result.ExitCode, result.Err));
        Assert.Empty((await CliProcess.RunAsync(server, "plans")).Out);
    }

    [RootFact]
    public async Task Parameters_do_not_reach_another_users_shell()
    {
        await using var home = new ServerHome();
        home.Plan("set", "p", "<plan id=\"p\" params=\"WHO\"></plan>\n<step name=\"s\" user=\"nobody\" cwd=\"/\">echo \"${WHO-unset}\"</step>\n");
        await using var server = await home.StartAsync();

        var result = await CliProcess.RunAsync(server, "exec", "--set", "set", "--name", "p", "--param", "WHO=me", "--follow");

        Assert.Contains(" I unset\n", result.Out);
    }

    [Fact]
    public async Task The_same_request_gets_the_same_answer_and_runs_nothing_twice_also_after_a_restart()
    {
        await using var home = new ServerHome();
        home.Plan("set", "p", $"<plan id=\"p\"></plan>\n<step name=\"s\">echo ran >> {home.Directory}/ran</step>\n");
        var wish = new PlanArg { Set = "set", Plan = "p", RequestId = "one wish" };
        uint[] ids;
        await using (var first = await home.StartAsync())
        {
            using var client = new ServerClient(first);
            var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => client.Calls.ExecuteAsync(wish).ResponseAsync)).DefaultTimeout();
            ids = [.. answers.Select(answer => answer.Id).Distinct()];
            await client.EndedAsync(ids[0]);
            await first.KillAsync();
        }

        await using var second = await home.StartAsync();
        using var again = new ServerClient(second);

        Assert.Equal(Assert.Single(ids), (await again.Calls.ExecuteAsync(wish).ResponseAsync.DefaultTimeout()).Id);
        Assert.Equal("ran\n", await File.ReadAllTextAsync(Path.Combine(home.Directory, "ran")));
    }

    [Fact]
    public async Task The_same_request_gets_the_same_answer_though_its_plan_has_changed_is_broken_or_gone_since()
    {
        await using var home = new ServerHome();
        home.Plan("set", "p", "<plan id=\"p\" params=\"WHO\"></plan>\n<step name=\"s\">true</step>\n");
        var wish = new PlanArg { Set = "set", Plan = "p", RequestId = "one wish", Parameters = { ["WHO"] = "me" } };
        uint first;
        await using (var server = await home.StartAsync())
        {
            using var client = new ServerClient(server);
            first = (await client.Calls.ExecuteAsync(wish).ResponseAsync.DefaultTimeout()).Id;
            Assert.Equal(0, await server.StopAsync());
        }

        foreach (var text in new[] { "<plan id=\"p\"></plan>\n", "no plan", null })
        {
            home.Plan("set", "p", text ?? "");
            if (text is null)
            {
                File.Delete(Path.Combine(home.Plans, "set", "p.conf"));
            }

            await using var server = await home.StartAsync();
            using var client = new ServerClient(server);
            Assert.Equal(first, (await client.Calls.ExecuteAsync(wish).ResponseAsync.DefaultTimeout()).Id);
            Assert.Equal(0, await server.StopAsync());
        }
    }

    [Fact]
    public async Task The_same_request_told_twice_at_once_is_not_refused_by_itself()
    {
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        home.Plan("set", "p", $"<plan id=\"p\" overlap=\"skip\"></plan>\n<step name=\"s\">\n{gate.Pass}\n</step>\n");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var wish = new PlanArg { Set = "set", Plan = "p", RequestId = "one wish" };

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => client.Calls.ExecuteAsync(wish).ResponseAsync)).DefaultTimeout();
        gate.Open();

        Assert.Single(answers.Select(answer => answer.Id).Distinct());
        Assert.Equal(State.Ok, (await client.EndedAsync(answers[0].Id)).State);
    }

    [Fact]
    public async Task A_plan_that_skips_is_refused_while_it_runs_with_the_id_that_does()
    {
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        home.Plan("set", "p", $"<plan id=\"p\" overlap=\"skip\"></plan>\n<step name=\"s\">\n{gate.Wait}\n</step>\n");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var id = await client.ExecuteAsync("set", "p");
        await gate.ArrivedAsync();

        var refusal = await Assert.ThrowsAsync<RpcException>(() => client.ExecuteAsync("set", "p"));
        gate.Open();
        await client.EndedAsync(id);

        Assert.Equal(StatusCode.AlreadyExists, refusal.StatusCode);
        Assert.Contains($"execution {id}", refusal.Status.Detail);
        Assert.Equal(id + 1, await client.ExecuteAsync("set", "p"));
    }

    [Fact]
    public async Task A_plan_that_queues_runs_after_itself()
    {
        await using var home = new ServerHome();
        home.Plan("set", "p", $"""
            <plan id="p" overlap="queue"></plan>
            <step name="s">
            mkdir {home.Directory}/alone && echo in && rmdir {home.Directory}/alone
            </step>
            """);
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);

        var ids = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => client.ExecuteAsync("set", "p")));
        var ends = await Task.WhenAll(ids.Select(client.EndedAsync));

        Assert.All(ends, end => Assert.Equal(State.Ok, end.State));
    }

    [Fact]
    public async Task A_failed_execution_is_resumed_with_the_plan_as_it_was_and_what_was_done_is_kept()
    {
        await using var home = new ServerHome();
        home.Plan("set", "p", $"""
            <plan id="p"></plan>
            <step name="once">echo once >> {home.Directory}/ran</step>
            <step name="needs" parent="once">test -e {home.Directory}/there</step>
            <step name="last" parent="needs">echo last</step>
            """);
        await using var server = await home.StartAsync();
        var failed = await CliProcess.ExecAsync(server, "set", "p");
        home.Plan("set", "p", "<plan id=\"p\"></plan>\n<step name=\"other\">echo other</step>\n");
        await File.WriteAllTextAsync(Path.Combine(home.Directory, "there"), "");

        var result = await CliProcess.RunAsync(server, "exec", "--resume", $"{failed}", "--follow");
        using var client = new ServerClient(server);
        var resumed = await client.GetAsync(CliProcess.IdIn(result));

        Assert.Equal(0, result.ExitCode);
        Assert.Equal($"hephaestus-cli: execution {failed} of set/p is resumed: 'once' keeps its result, it goes on from 'needs'\n", result.Err);
        Assert.Contains(" I last\n", result.Out);
        Assert.Equal("once\n", await File.ReadAllTextAsync(Path.Combine(home.Directory, "ran")));
        Assert.Equal((failed, 0u, State.Ok), (resumed.Resumes, resumed.Steps[0].Attempts, resumed.Steps[0].State));
        Assert.Equal(0, resumed.Steps[0].Outcome.ExitCode);
    }

    [Fact]
    public async Task What_runs_or_ended_OK_cannot_be_resumed()
    {
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        home.Plan("set", "p", $"<plan id=\"p\"></plan>\n<step name=\"s\">\n{gate.Wait}\n</step>\n");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var id = await client.ExecuteAsync("set", "p");
        await gate.ArrivedAsync();

        var running = await CliProcess.RunAsync(server, "exec", "--resume", $"{id}");
        gate.Open();
        await client.EndedAsync(id);
        var ended = await CliProcess.RunAsync(server, "exec", "--resume", $"{id}");

        Assert.Equal((4, $"hephaestus-cli: execution {id} has not ended; it can be resumed when it has\n"), (running.ExitCode, running.Err));
        Assert.Equal((4, $"hephaestus-cli: execution {id} ended OK: there is nothing to resume\n"), (ended.ExitCode, ended.Err));
    }
}
