namespace Hephaestus.Tests.EndToEnd;

/// <summary>Steps that take too long, and steps that are tried again, through the programs.</summary>
public sealed class TimeoutTests
{
    [Fact]
    public async Task A_step_that_takes_too_long_is_ended_with_all_that_it_started_and_its_recovery_runs()
    {
        await using var home = new ServerHome();
        home.Plan("set", "slow", """
            <plan id="slow"></plan>
            <step name="wait" timeout="1s" grace="0s">
            sleep 1000 &
            echo "$$ $!"
            trap '' TERM
            sleep 1000; sleep 1000
            </step>
            <recovery name="undo" parent="wait">echo undone</recovery>
            """);
        await using var server = await home.StartAsync();

        var result = await CliProcess.RunAsync(server, "exec", "--set", "set", "--name", "slow", "--follow");

        Assert.Equal(3, result.ExitCode);
        Assert.Contains("Step 'wait' ended: Failed (signal 9 (SIGKILL); timed out after 1s)", result.Out);
        Assert.Contains(" I undone\n", result.Out);
        var pids = result.Lines.First(line => line.Length > 22 && char.IsAsciiDigit(line[22]))[22..].Split(' ').Select(int.Parse);
        Assert.All(pids, pid => Assert.False(Directory.Exists($"/proc/{pid}")));
    }

    [Fact]
    public async Task A_step_is_tried_again_until_it_succeeds_and_the_log_holds_each_attempt()
    {
        await using var home = new ServerHome();
        home.Plan("set", "again", $"""
            <plan id="again"></plan>
            <step name="flaky" retries="5">
            echo try >> {home.Directory}/tries
            echo "attempt $(wc -l < {home.Directory}/tries)"
            test $(wc -l < {home.Directory}/tries) = 3
            </step>
            <step name="then" parent="flaky">echo then</step>
            """);
        await using var server = await home.StartAsync();

        var result = await CliProcess.RunAsync(server, "exec", "--set", "set", "--name", "again", "--follow");

        Assert.Equal(0, result.ExitCode);
        Assert.Equal(
            ["attempt 1", "attempt 2", "attempt 3", "then"],
            from line in result.Lines
            where line.Length > 22 && line[19..22] == " I " && !line[22..].StartsWith("----> ", StringComparison.Ordinal)
            select line[22..]);
        Assert.Contains("Step 'flaky' starts (attempt 3)", result.Out);
    }

    [Fact]
    public async Task Steps_run_at_once_where_a_plan_allows_it()
    {
        await using var home = new ServerHome();
        home.Plan("set", "pair", $"""
            <plan id="pair" concurrency="2"></plan>
            <step name="one">
            mkfifo {home.Directory}/met
            echo hello > {home.Directory}/met
            </step>
            <step name="two">
            until [ -p {home.Directory}/met ]; do sleep 0.01; done
            read word < {home.Directory}/met; echo "two got $word"
            </step>
            """);
        await using var server = await home.StartAsync();

        var result = await CliProcess.RunAsync(server, "exec", "--set", "set", "--name", "pair", "--follow");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains(" I two got hello\n", result.Out);
    }
}
