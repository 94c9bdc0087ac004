using System.Diagnostics;
using Grpc.Core;
using Hephaestus.Protocol;
using Hephaestus.Tests.Limits;
using Hephaestus.Tests.Supervision;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>Plans that others can change, as a running server and <c>--check</c> treat them.</summary>
public sealed class DistrustTests
{
    private const string Failing = "<plan id=\"p\"></plan>\n<step name=\"s\">exit 7</step>\n";

    /// <summary>Of what stands above the rule directory nothing tells the server's watcher.</summary>
    [Theory]
    [InlineData("plans/set/p.conf", "is writable by everybody; chmod o-w")]
    [InlineData("plans/set", "stands in a directory that is writable by everybody; chmod o-w")]
    [InlineData("plans", "stands in a directory that is writable by everybody; chmod o-w")]
    [InlineData(".", "stands below a directory that is writable by everybody; chmod o-w")]
    public async Task What_becomes_writable_by_everybody_is_not_run_from_then_on(string what, string complaint)
    {
        await using var home = new ServerHome();
        var file = home.Plan("set", "p", Failing);
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var failed = await client.RunAsync("set", "p");
        var opened = Path.GetFullPath(Path.Combine(home.Directory, what));

        Bash(home, $"chmod o+w {what}");
        var refused = await RefusalsAsync(client, failed.Id);
        Bash(home, $"chmod o-w {what}");

        Assert.Equal([(StatusCode.FailedPrecondition, $"{file}: {complaint} \"{opened}\"")], refused.Distinct());
        Assert.Equal((State.Nok, failed.Id), await ResumedAsync(client, failed.Id));
        Assert.Equal(State.Nok, (await client.RunAsync("set", "p")).State);
        Assert.Equal(3, (await client.PlansAsync()).Length);
    }

    [Fact]
    public async Task A_plan_that_is_gone_is_not_run_and_its_executions_can_be_resumed()
    {
        await using var home = new ServerHome();
        var file = home.Plan("set", "p", Failing);
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var failed = await client.RunAsync("set", "p");

        File.Delete(file);
        var refused = await Assert.ThrowsAsync<RpcException>(() => client.ExecuteAsync("set", "p"));

        Assert.Equal((StatusCode.NotFound, "there is no plan 'p' in the set 'set'"), (refused.StatusCode, refused.Status.Detail));
        Assert.Equal((State.Nok, failed.Id), await ResumedAsync(client, failed.Id));
    }

    /// <summary>A request that was accepted gets its answer again, whatever has become of the plan.</summary>
    [Fact]
    public async Task An_answer_that_was_given_is_given_again()
    {
        await using var home = new ServerHome();
        var file = home.Plan("set", "p", Failing);
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var failed = await client.RunAsync("set", "p");
        var request = new ResumeExecutionRequest { Id = failed.Id, RequestId = "once" };
        var resumed = await client.Calls.ResumeExecutionAsync(request).ResponseAsync.DefaultTimeout();
        await client.EndedAsync(resumed.Id);

        Bash(home, $"chmod o+w {file}");
        var again = await client.Calls.ResumeExecutionAsync(request).ResponseAsync.DefaultTimeout();

        Assert.Equal(resumed.Id, again.Id);
        Assert.Equal(2, (await client.PlansAsync()).Length);
    }

    [Fact]
    public async Task What_was_saved_is_what_runs_however_soon_it_is_asked_for()
    {
        await using var home = new ServerHome();
        home.Step("p", "echo 0");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);

        for (var n = 1; n <= 5; n++)
        {
            home.Step("p", $"echo {n}");
            var ran = await client.RunAsync("set", "p");
            Assert.Equal($"{n}\n", home.Output(ran.Id));
        }
    }

    [Theory]
    [InlineData("rm p.conf; mkfifo p.conf", "is not a regular file")]
    [InlineData("rm p.conf; ln -s /dev/zero p.conf", "is not a regular file")]
    [InlineData("echo '<step>' >p.conf", "there is no <plan")]
    public async Task What_takes_the_place_of_a_plan_is_not_run_and_holds_up_nothing(string script, string complaint)
    {
        await using var home = new ServerHome();
        home.Plan("set", "p", Failing);
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);

        Bash(home, $"cd plans/set; {script}");
        var refused = await Assert.ThrowsAsync<RpcException>(() => client.ExecuteAsync("set", "p"));

        Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
        Assert.Contains(complaint, refused.Status.Detail, StringComparison.Ordinal);
        Assert.Empty(await client.PlansAsync());
    }

    [Fact]
    public async Task Check_tells_what_the_running_server_tells()
    {
        await using var home = new ServerHome("exec.cgroup = off");
        var exposed = home.Plan("open", "p", Failing);
        home.Plan("set", "sound", Failing);
        Bash(home, "chmod o+w plans/open; mkdir -m 1777 shared; ln -s ../../shared/nothing plans/set/linked.conf");
        await using var server = await home.StartAsync();

        var (exitCode, lines) = await CheckTests.CheckAsync(home);
        var told = (await CliProcess.RunAsync(server, "list-plan", "--set", "open", "--name", "p")).Err;
        var linked = (await CliProcess.RunAsync(server, "list-plan", "--set", "set", "--name", "linked")).Err;

        Assert.Equal(1, exitCode);
        Assert.Equal($"hephaestus-cli: {exposed}: stands in a directory that is writable by everybody; chmod o-w \"{home.Plans}/open\"\n", told);
        Assert.Equal(
            [.. (told + linked).Replace("hephaestus-cli: ", "error: ", StringComparison.Ordinal).Split('\n', StringSplitOptions.RemoveEmptyEntries)],
            lines.Where(line => line.StartsWith("error: ", StringComparison.Ordinal)));
        Assert.Contains($"leads into a directory that is writable by everybody; chmod o-w \"{home.Directory}/shared\", or keep the plan elsewhere", linked);
        Assert.Contains("3 plans in 2 plan sets, 2 with errors", lines);
    }

    [Fact]
    public async Task A_server_that_judges_nothing_says_so_at_its_start()
    {
        await using var home = new ServerHome("plan.trust = off");
        home.Plan("set", "p", Failing);
        Bash(home, "chmod -R o+w plans");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);

        Assert.Contains("plan.trust = off\n", server.Said);
        Assert.Contains("hephaestus: warning: plan.trust = off: plans are run whoever can change them\n", server.Errors);
        Assert.Equal(State.Nok, (await client.RunAsync("set", "p")).State);
        var (exitCode, lines) = await CheckTests.CheckAsync(home);
        Assert.Equal(0, exitCode);
        Assert.Contains("warning: plan.trust = off: plans are run whoever can change them", lines);
    }

    [RootFact]
    public async Task A_plan_of_a_stranger_is_warned_of_and_where_that_is_strict_not_run()
    {
        foreach (var strict in new[] { false, true })
        {
            await using var home = new ServerHome($"plan.trust = {(strict ? "strict" : "warn")}", "exec.cgroup = off");
            var file = home.Plan("set", "p", Failing);
            Bash(home, $"chown 54321 {file}");
            await using var server = await home.StartAsync();

            var listed = await CliProcess.RunAsync(server, "list-plan", "--set", "set", "--name", "p");
            var ran = await CliProcess.RunAsync(server, "exec", "--set", "set", "--name", "p", "--wait");
            var (exitCode, lines) = await CheckTests.CheckAsync(home);

            var complaint = $"{file}: belongs to the user 54321, neither root nor the server's user nor the owner of the rule directory";
            Assert.Contains(complaint, strict ? listed.Err : listed.Out, StringComparison.Ordinal);
            Assert.Equal(strict ? (4, 4, 1) : (0, 3, 0), (listed.ExitCode, ran.ExitCode, exitCode));
            Assert.Contains(lines, line => line.StartsWith($"{(strict ? "error" : "warning")}: {complaint}", StringComparison.Ordinal));
        }
    }

    /// <summary>In time for whoever reads the list, not when the step would run.</summary>
    [OtherUserFact]
    public async Task A_user_whom_the_server_cannot_become_is_told_with_its_place_wherever_the_plan_is()
    {
        await using var home = new ServerHome("exec.cgroup = off");
        var file = home.Plan("set", "other", "<plan id=\"p\"></plan>\n<step name=\"a\">true</step>\n<step name=\"b\" user=\"nobody\">true</step>\n");
        home.Plan("set", "own", "<plan id=\"p\"></plan>\n<step name=\"a\" user=\"daemon\">true</step>\n");
        Bash(home, $"chown -R daemon {home.Directory}");
        const string AsDaemon = "setpriv --reuid daemon --regid daemon --clear-groups";
        await using var server = await home.StartByAsync($"exec {AsDaemon} env HOME={home.Directory} \"$@\"");
        using var client = new ServerClient(server);
        var complaint = $"{file}:3:22: only a server that runs as root can run a step as another user, here 'nobody'";

        var listed = await CliProcess.RunAsync(server, "list-plan", "--set", "set", "--name", "other");
        var ran = await Assert.ThrowsAsync<RpcException>(() => client.ExecuteAsync("set", "other"));
        var own = await client.RunAsync("set", "own");
        var check = Bash(home, $"{AsDaemon} {Programs.Server} --check {home.Configuration}", exitCode: 1);

        Assert.Equal((4, $"hephaestus-cli: {complaint}\n"), (listed.ExitCode, listed.Err));
        Assert.Equal((StatusCode.FailedPrecondition, complaint), (ran.StatusCode, ran.Status.Detail));
        Assert.Equal(State.Ok, own.State);
        Assert.Contains($"error: {complaint}\n", check);
        Assert.Contains("2 plans in 1 plan set, 1 with errors\n", check);
    }

    private static async Task<List<(StatusCode, string)>> RefusalsAsync(ServerClient client, uint failed)
    {
        Func<Task>[] wishes =
        [
            () => client.ExecuteAsync("set", "p"),
            () => client.Calls.CheckPlanAsync(new CheckPlanRequest { Set = "set", Plan = "p" }).ResponseAsync.DefaultTimeout(),
            () => client.Calls.ResumeExecutionAsync(new ResumeExecutionRequest { Id = failed }).ResponseAsync.DefaultTimeout(),
            () => client.Calls.ResumeExecutionAsync(new ResumeExecutionRequest { Id = failed, CheckOnly = true }).ResponseAsync.DefaultTimeout(),
        ];
        var refusals = new List<(StatusCode, string)>();
        foreach (var wish in wishes)
        {
            var refused = await Assert.ThrowsAsync<RpcException>(wish);
            refusals.Add((refused.StatusCode, refused.Status.Detail));
        }

        return refusals;
    }

    private static async Task<(State State, uint Of)> ResumedAsync(ServerClient client, uint failed)
    {
        var resumed = await client.Calls.ResumeExecutionAsync(new ResumeExecutionRequest { Id = failed }).ResponseAsync.DefaultTimeout();
        return ((await client.EndedAsync(resumed.Id)).State, resumed.Resumes);
    }

    /// <summary>What a script in the home's directory prints.</summary>
    private static string Bash(ServerHome home, string script, int exitCode = 0)
    {
        var start = new ProcessStartInfo("bash", ["-euc", script]) { WorkingDirectory = home.Directory, RedirectStandardOutput = true };
        using var bash = Process.Start(start)!;
        var output = bash.StandardOutput.ReadToEnd();
        bash.WaitForExit();
        Assert.Equal(exitCode, bash.ExitCode);
        return output;
    }
}
