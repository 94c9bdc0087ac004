using System.Security.Cryptography;
using System.Text.Json;
using Grpc.Core;
using Hephaestus.Protocol;
using Hephaestus.Tests.Configuration;
using Hephaestus.Tests.Supervision;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>What would run and what is wrong, told without running anything.</summary>
public sealed class CheckPlanTests
{
    [Fact]
    public async Task What_would_run_is_told_with_all_that_is_known_of_each_step()
    {
        await using var home = new ServerHome();
        home.Plan("set", "p", $"""
            <plan id="tag" params="WHO" concurrency="2" timeout="1h" overlap="queue"></plan>
            <step name="first" desc="Begin" cwd="{home.Directory}" setenv="LEVEL 3" timeout="5m" grace="1s" retries="2" retry-delay="3s">
            echo "$WHO"
            </step>
            <recovery name="undo" parent="first">true</recovery>
            <step name="after" parent="undo">true</step>
            """);
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);

        var check = await CheckAsync(client, new CheckPlanRequest { Set = "set", Plan = "p", Parameters = { ["WHO"] = "me" } });

        Assert.Empty(check.Findings);
        Assert.Equal(("tag", Admission.Start, 2u, "queue", 3600), (check.TagId, check.Admission, check.Concurrency, check.Overlap, check.Timeout.Seconds));
        Assert.Equal(["first", "undo", "after"], check.Steps.Select(step => step.Name));
        Assert.Equal([true, false, false], check.Steps.Select(step => step.Expected));
        Assert.Equal(["", "first", "undo"], check.Steps.Select(step => step.Parent));
        Assert.Equal([10, 10], check.Steps.Skip(1).Select(step => step.Grace.Seconds));
        var first = check.Steps[0];
        Assert.Equal("echo \"$WHO\"", first.Command);
        Assert.Equal(("step", "Begin", home.Directory, ""), (first.Type, first.Desc, first.Cwd, first.User));
        Assert.Equal((300, 1, 2u, 3), (first.Timeout.Seconds, first.Grace.Seconds, first.Retries, first.RetryDelay.Seconds));
        Assert.Equal(
            ["HEPHAESTUS_PLAN=p", "HEPHAESTUS_SET=set", "HEPHAESTUS_STEP=first", "LEVEL=3", "WHO=me"],
            first.Variables.Select(variable => $"{variable.Key}={variable.Value}"));
    }

    [Fact]
    public async Task What_is_wrong_is_told_with_its_place_and_what_would_be_right()
    {
        await using var home = new ServerHome();
        var file = home.Plan("set", "p", $"""
            <plan id="tag" params="A B"></plan>
            <step name="who">true</step>
            <step name="gone" cwd="/no/such/directory">true</step>
            <step name="tilde" cwd="~/there">true</step>
            <step name="file" cwd="{home.Configuration}">true</step>
            <step name="maker" strange="x">mkdir -p /no/made</step>
            <step name="later" cwd="/no/made">true</step>
            """);
        await using var server = await home.StartAsync();

        var result = await CliProcess.RunAsync(server, "exec", "--set", "set", "--name", "p", "--param", "A=1", "--dry-run");

        Assert.Equal((4, ""), (result.ExitCode, result.Err));
        Assert.Equal(
            $"""
            Errors:
              {file}:3:24: step 'gone': the working directory "/no/such/directory" does not exist; make it, or correct cwd
              {file}:4:25: step 'tilde': the working directory "~/there" does not exist; it is taken as it is written: no shell expands it
              {file}:5:24: step 'file': the working directory "{home.Configuration}" is not a directory; correct it, or cwd

            Warnings:
              {file}:6:20: there is no attribute "strange"; it is ignored
              {file}:1:1: the parameter B is not given: commands see no such variable, unless setenv sets it
              {file}:7:25: step 'later': the working directory "/no/made" does not exist; unless the step 'maker' makes it, this step will fail

            Nothing was run. 3 errors, 3 warnings.

            """,
            result.Out[result.Out.IndexOf("Errors:", StringComparison.Ordinal)..]);
    }

    /// <summary>Where the server is not root, another user is a mistake of the plan already.</summary>
    [RootFact]
    public async Task A_user_that_does_not_exist_is_told_with_its_place()
    {
        await using var home = new ServerHome();
        var file = home.Plan("set", "p", "<plan id=\"tag\"></plan>\n<step name=\"who\" user=\"no-such-user\">true</step>\n");
        await using var server = await home.StartAsync();

        var result = await CliProcess.RunAsync(server, "exec", "--set", "set", "--name", "p", "--dry-run");

        Assert.Equal((4, ""), (result.ExitCode, result.Err));
        Assert.Contains($"  {file}:2:24: step 'who': there is no user 'no-such-user' on this machine\n", result.Out);
        Assert.EndsWith("Nothing was run. 1 error, 0 warnings.\n", result.Out);
    }

    [RootFact]
    public async Task Directories_are_tried_as_the_user_that_runs_the_step()
    {
        await using var home = new ServerHome();
        using var folder = new TemporaryFolder();
        File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_101_101);
        var closed = Directory.CreateDirectory(Path.Combine(folder.Path, "closed")).FullName;
        File.SetUnixFileMode(closed, (UnixFileMode)0b111_000_000);
        var file = home.Plan("set", "p", $"""
            <plan id="tag"></plan>
            <step name="open" user="nobody" cwd="{folder.Path}">true</step>
            <step name="closed" user="nobody" cwd="{closed}">true</step>
            <step name="root" cwd="{closed}">true</step>
            """);
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);

        var check = await CheckAsync(client, new CheckPlanRequest { Set = "set", Plan = "p" });
        var ran = await client.RunAsync("set", "p");

        var error = Assert.Single(check.Findings, found => found.Error);
        Assert.Equal(("closed", file, 3u, 40u), (error.Step, error.File, error.Line, error.Column));
        Assert.Equal($"the working directory \"{closed}\" cannot be entered by the user 'nobody': Permission denied; correct it, or cwd", error.Message);
        var warning = Assert.Single(check.Findings, found => !found.Error);
        Assert.Equal("the home directory \"/nonexistent\" does not exist; programs that keep files in HOME will fail", warning.Message);
        Assert.Contains(check.Steps[0].Variables, variable => variable is { Key: "HOME", Value: "/nonexistent" });
        Assert.Equal([State.Ok, State.Failed, State.Ok], ran.Steps.Select(step => step.State));
    }

    [Fact]
    public async Task It_is_refused_as_execute_is()
    {
        await using var home = new ServerHome();
        home.Plan("set", "p", "<plan id=\"tag\" params=\"A\"></plan>\n<step name=\"s\">true</step>\n");
        var broken = home.Plan("set", "broken", "<plan id=\"tag\"></plan>\n<step>true</step>\n<step name=\"s\" parent=\"x\">true</step>\n");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        PlanArg[] wishes =
        [
            new() { Set = "set", Plan = "p", Parameters = { ["LD_PRELOAD"] = "x" } },
            new() { Set = "set", Plan = "broken" },
            new() { Set = "set", Plan = "nosuch" },
            new() { Set = "..", Plan = "p" },
        ];

        var statuses = new List<StatusCode>();
        foreach (var wish in wishes)
        {
            var request = new CheckPlanRequest { Set = wish.Set, Plan = wish.Plan, Parameters = { wish.Parameters } };
            var said = await Assert.ThrowsAsync<RpcException>(() => CheckAsync(client, request));
            var executed = await Assert.ThrowsAsync<RpcException>(() => client.Calls.ExecuteAsync(wish).ResponseAsync.DefaultTimeout());
            Assert.Equal((executed.StatusCode, executed.Status.Detail), (said.StatusCode, said.Status.Detail));
            statuses.Add(said.StatusCode);
        }

        Assert.Equal([StatusCode.InvalidArgument, StatusCode.FailedPrecondition, StatusCode.NotFound, StatusCode.InvalidArgument], statuses);
        var cli = await CliProcess.RunAsync(server, "exec", "--set", "set", "--name", "broken", "--dry-run");
        Assert.Equal((4, "", 2), (cli.ExitCode, cli.Out, cli.Err.Split(broken).Length - 1));
    }

    [Fact]
    public async Task What_it_would_wait_for_or_be_refused_for_is_told()
    {
        await using var home = new ServerHome("exec.max_concurrent = 2");
        using var gate = new Gate(home);
        foreach (var overlap in new[] { "allow", "skip", "queue" })
        {
            home.Plan("set", overlap, $"<plan id=\"p\" overlap=\"{overlap}\"></plan>\n<step name=\"s\">\n{gate.Wait}\n</step>\n");
        }

        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        async Task<PlanCheck> OfAsync(string plan) => await CheckAsync(client, new CheckPlanRequest { Set = "set", Plan = plan });
        var queue = await client.ExecuteAsync("set", "queue");
        await gate.ArrivedAsync();

        var alone = await OfAsync("queue");
        Assert.Equal(Admission.Wait, alone.Admission);
        Assert.Equal([queue], alone.Behind);
        Assert.Equal($"it would wait for the end of execution {queue}: its overlap is \"queue\"", Assert.Single(alone.Findings).Message);
        Assert.Equal(Admission.Start, (await OfAsync("skip")).Admission);

        var skip = await client.ExecuteAsync("set", "skip");
        await gate.ArrivedAsync();
        var skipped = await OfAsync("skip");
        Assert.Equal(Admission.Refuse, skipped.Admission);
        Assert.Equal([skip], skipped.Behind);
        Assert.True(Assert.Single(skipped.Findings) is { Error: true, Message: var said } && said.Contains($"execution {skip}", StringComparison.Ordinal));
        var full = await OfAsync("allow");
        Assert.Equal(Admission.Wait, full.Admission);
        Assert.Equal(
            ("", "it would wait for its turn: 2 executions run, exec.max_concurrent allows 2, and 0 wait already"),
            (full.Findings[0].File, Assert.Single(full.Findings).Message));

        var dry = await CliProcess.RunAsync(server, "exec", "--set", "set", "--name", "allow", "--dry-run");
        Assert.Equal(0, dry.ExitCode);
        Assert.Contains("Would:      wait for its turn\n", dry.Out);
        gate.Open(2);
        await client.EndedAsync(queue);
        await client.EndedAsync(skip);
    }

    [Fact]
    public async Task Nothing_is_changed_by_it()
    {
        await using var home = new ServerHome();
        home.Plan("set", "p", $"<plan id=\"p\" params=\"A\"></plan>\n<step name=\"s\">touch {home.Directory}/ran; test -e {home.Directory}/ok</step>\n");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var failed = await client.RunAsync("set", "p");
        await home.SettledAsync();
        File.Delete(Path.Combine(home.Directory, "ran"));
        var before = Content(home);

        for (var time = 0; time < 3; time++)
        {
            Assert.Equal(0, (await CliProcess.RunAsync(server, "exec", "--set", "set", "--name", "p", "--param", "A=x", "--dry-run")).ExitCode);
            var resumed = await CliProcess.RunAsync(server, "exec", "--resume", $"{failed.Id}", "--dry-run");
            Assert.Equal(
                (0, $"Plan:       set/p as execution {failed.Id} pinned it\n1. step 's' runs again, if its turn comes\nNothing was run.\n"),
                (resumed.ExitCode, resumed.Out));
        }

        Assert.Equal(before, Content(home));
        Assert.False(File.Exists(Path.Combine(home.Directory, "ran")));
        Assert.Equal([failed.Id], await client.PlansAsync());
        var next = await client.ExecuteAsync("set", "p");
        Assert.Equal((failed.Id + 1, failed.Sequence + 1), (next, (await client.EventsAsync(next))[0].Sequence));
    }

    [Fact]
    public async Task The_largest_plan_fits_into_an_answer_that_says_what_is_left_out()
    {
        await using var home = new ServerHome();
        var steps = Enumerable.Range(0, 15_000).Select(number => $"<step name=\"{number}\" cwd=\"/no/{number}\">true</step>");
        home.Plan("set", "p", $"<plan id=\"p\"></plan>\n{string.Join('\n', steps)}\n");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);

        var check = await CheckAsync(client, new CheckPlanRequest { Set = "set", Plan = "p" });

        Assert.Equal((1000, 14_000u), (check.Findings.Count, check.FindingsLeftOut));
        Assert.Equal(15_000u, (uint)check.Steps.Count + check.StepsLeftOut);
        Assert.True(check.Steps.Count > 1000);
        Assert.InRange(check.CalculateSize(), 0, 4 * 1024 * 1024);
    }

    [Fact]
    public async Task Json_is_the_answer_itself()
    {
        await using var home = new ServerHome();
        home.Plan("set", "p", "<plan id=\"tag\"></plan>\n<step name=\"s\" cwd=\"/no/such\">true</step>\n");
        await using var server = await home.StartAsync();

        var result = await CliProcess.RunAsync(server, "--json", "exec", "--set", "set", "--name", "p", "--dry-run");

        Assert.Equal((4, ""), (result.ExitCode, result.Err));
        using var json = JsonDocument.Parse(result.Out);
        Assert.Equal("start", json.RootElement.GetProperty("admission").GetString());
        Assert.Equal("s", json.RootElement.GetProperty("findings")[0].GetProperty("step").GetString());
        Assert.Equal("true", json.RootElement.GetProperty("steps")[0].GetProperty("command").GetString());
    }

    private static Task<PlanCheck> CheckAsync(ServerClient client, CheckPlanRequest request) =>
        client.Calls.CheckPlanAsync(request).ResponseAsync.DefaultTimeout();

    /// <summary>Every file of the state directory with a digest; what SQLite shares between readers is not content.</summary>
    private static string[] Content(ServerHome home) =>
    [
        .. Directory.EnumerateFiles(home.State, "*", SearchOption.AllDirectories)
            .Where(file => !file.EndsWith("-shm", StringComparison.Ordinal) && !file.EndsWith(".sock", StringComparison.Ordinal))
            .Select(file => $"{file} {Digest(file)}").Order(),
    ];

    private static string Digest(string file)
    {
        try
        {
            using var content = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return Convert.ToHexString(SHA256.HashData(content));
        }
        catch (IOException)
        {
            // A socket.
            return "";
        }
    }
}
