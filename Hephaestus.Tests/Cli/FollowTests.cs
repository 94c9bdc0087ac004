using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Cli;

public sealed class FollowTests(CliServer cli) : IClassFixture<CliServer>
{
    [Fact]
    public async Task Joining_at_the_start_the_middle_and_the_end_gives_the_same_lines()
    {
        var id = await cli.ExecAsync("empty#2", "gated");
        await using var start = cli.Start("status", "--id", id, "--follow");
        await start.LineAsync(" E two");
        await using var middle = cli.Start("status", "--id", id, "--follow", "--tail", "1");
        await middle.LineAsync(" E two");
        await cli.First.OpenAsync();
        await start.LineAsync(" I 5");
        await using var late = cli.Start("status", "--id", id, "--follow", "--from", "4");
        await late.LineAsync(" E two");
        await cli.Second.OpenAsync();

        var (fromStart, fromMiddle, fromLate) = (await start.EndAsync(), await middle.EndAsync(), await late.EndAsync());
        var after = await cli.RunAsync("status", "--id", id);

        Assert.Equal((0, 0, 0), (fromStart.ExitCode, fromMiddle.ExitCode, fromLate.ExitCode));
        Assert.Equal(after.Out, fromStart.Out);
        Assert.Equal(after.Lines[3..], fromMiddle.Lines);
        Assert.Equal(after.Lines[3..], fromLate.Lines);
        Assert.Equal(after.Out, (await cli.RunAsync("status", "--id", id, "--follow")).Out);
        Assert.Single(after.Lines, line => line.EndsWith(" I Password: ok", StringComparison.Ordinal));
        Assert.Single(after.Lines, line => line.EndsWith(" I end", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Bytes_pass_as_they_are_when_no_terminal_reads_them()
    {
        var followed = await Shell.RunAsync($"$CLI -H {cli.Server.Address} exec --set 'empty#2' --name bytes --follow | tail -n +2 | md5sum; $CLI -H {cli.Server.Address} plans | tail -n 1");
        var id = followed.Lines[1];
        var shown = await Shell.RunAsync($"$CLI -H {cli.Server.Address} status --id {id} | md5sum");
        var text = await Shell.RunAsync(
            $"$CLI -H {cli.Server.Address} status --id {id} --step nasty | cut -c23- | cmp - <(printf 'clear\\033[2J \\033[31mred\\033[0m \\007 \\377 \\302\\233\\n10 %%\\r20 %%\\ncrlf\\r\\n'; head -c 200000 /dev/zero | tr '\\0' x; head -c 200000 /dev/zero | tr '\\0' y; echo)",
            ("LC_ALL", "C"));

        Assert.Equal(followed.Lines[0], shown.Lines[0]);
        Assert.Equal(new CliResult(0, "", ""), text);
    }

    [Theory]
    [InlineData(Signals.Interrupt, 130)]
    [InlineData(Signals.Terminate, 143)]
    public async Task A_follower_that_is_interrupted_says_how_to_go_on_and_the_execution_does(int signal, int exitCode)
    {
        await using var follower = cli.Start("exec", "--set", "empty#2", "--name", "gated", "--follow");
        var id = (await follower.LineAsync("id: ")).Split(' ')[^1];
        await follower.LineAsync(" E two");
        follower.Send(signal);

        var result = await follower.EndAsync();

        Assert.Equal(exitCode, result.ExitCode);
        Assert.Equal($"hephaestus-cli: execution {id} goes on; to follow it: status --id {id} --follow --from 5\n", result.Err);
        await cli.First.OpenAsync();
        await cli.Second.OpenAsync();
        var rest = await cli.RunAsync("status", "--id", id, "--follow", "--from", "5");
        Assert.Equal((0, (await cli.RunAsync("status", "--id", id)).Out), (rest.ExitCode, string.Concat(result.Lines[1..].Select(line => line + "\n")) + rest.Out));
    }

    [Fact]
    public async Task A_follower_of_a_silent_step_ends_when_nobody_reads_it()
    {
        var id = await cli.ExecAsync("empty#2", "gated");
        var result = await Shell.RunAsync($"$CLI -H {cli.Server.Address} status --id {id} --follow | head -n 1; echo ${{PIPESTATUS[0]}}");

        Assert.Equal(("141", ""), (result.Lines[^1], result.Err));
        Assert.Equal(0, (await cli.RunAsync("cancel", "--id", id)).ExitCode);
    }

    [Fact]
    public async Task A_cancelled_execution_did_not_end_OK()
    {
        await using var follower = cli.Start("exec", "--set", "empty#2", "--name", "gated", "--follow");
        var id = (await follower.LineAsync("id: ")).Split(' ')[^1];
        await follower.LineAsync(" E two");

        var cancelled = await cli.RunAsync("cancel", "--id", id, "--reason", "no longer wanted");
        var result = await follower.EndAsync();
        var again = await cli.RunAsync("cancel", "--id", id);

        Assert.Equal((0, $"Execution {id} (empty#2/gated) is being cancelled\n"), (cancelled.ExitCode, cancelled.Out));
        Assert.Equal(3, result.ExitCode);
        Assert.Contains("no longer wanted", result.Out, StringComparison.Ordinal);
        Assert.EndsWith("----> Plan ended: Cancelled\n", result.Out, StringComparison.Ordinal);
        Assert.Equal((4, $"hephaestus-cli: execution {id} has ended: Cancelled\n"), (again.ExitCode, again.Err));
    }

    [Fact]
    public async Task Changes_are_shown_a_line_each()
    {
        await using var text = cli.Start("watch");
        await text.LineAsync("2 plan sets with 6 plans, 1 of them with errors");
        await using var json = cli.Start("watch", "--json", "--set", "daily", "--plan", "ok");
        await json.LineAsync("\"snapshot\"");
        var id = await cli.ExecAsync("daily", "ok");

        await text.LineAsync($" {id} daily/ok accepted, 1 step, started by 127.0.0.1");
        await text.LineAsync($" {id} daily/ok step 'say' ended: OK (exit code 0)");
        await text.LineAsync($" {id} daily/ok ended: OK");
        await json.LineAsync("\"event\":\"accepted\"");
        Assert.Contains("\"outcome\":{\"state\":\"OK\"", await json.LineAsync("\"event\":\"step_ended\""), StringComparison.Ordinal);
        await json.LineAsync("\"event\":\"ended\"");

        cli.Home.Plan("new", "plan", "nonsense");
        await text.LineAsync("plan set new added");
        await text.LineAsync("plan new/plan changed: 2 errors, the first: ");
        Directory.Delete(Path.Combine(cli.Home.Plans, "new"), recursive: true);
        await text.LineAsync("plan set new removed");
        json.Send(Signals.Interrupt);
        text.Send(Signals.Terminate);

        Assert.Equal((143, 130), ((await text.EndAsync()).ExitCode, (await json.EndAsync()).ExitCode));
    }
}
