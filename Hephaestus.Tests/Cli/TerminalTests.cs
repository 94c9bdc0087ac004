using System.Text;
using System.Text.RegularExpressions;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Cli;

public sealed class TerminalTests(CliServer cli) : IClassFixture<CliServer>
{
    [Fact]
    public async Task On_a_terminal_a_log_is_harmless_and_coloured()
    {
        var id = CliProcess.IdIn(await cli.RunAsync("exec", "--set", "empty#2", "--name", "bytes", "--wait"));

        var result = await Shell.OnTerminalAsync($"$CLI -H {cli.Server.Address} status --id {id}");

        Assert.Contains(" I\e[0m clear \e[31mred\e[0m ^G \ufffd \ufffd\e[0m\r\n", result.Out, StringComparison.Ordinal);
        Assert.Contains("crlf\r\n", result.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("\e[2J", result.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("NO_COLOR", "1")]
    [InlineData("TERM", "dumb")]
    public async Task Colours_are_left_out_where_they_are_not_wanted(string variable, string value)
    {
        var id = CliProcess.IdIn(await cli.RunAsync("exec", "--set", "daily", "--name", "fails", "--wait"));

        var result = await Shell.OnTerminalAsync($"$CLI -H {cli.Server.Address} status --id {id}; $CLI -H {cli.Server.Address} plans", (variable, value));

        Assert.Contains(" E ----> Plan ended: NOK\r\n", result.Out, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', result.Out);
    }

    [Fact]
    public async Task Plans_on_a_terminal_are_a_table_with_the_id_first()
    {
        var id = CliProcess.IdIn(await cli.RunAsync("exec", "--set", "daily", "--name", "fails", "--wait"));

        var result = await Shell.OnTerminalAsync($"$CLI -H {cli.Server.Address} plans");

        Assert.StartsWith("ID", result.Out, StringComparison.Ordinal);
        Assert.Matches($@"\n{id} +daily +fails +\e\[31mNOK *\e\[0m +\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d +[\d.]+s\r\n", result.Out);
    }

    [Fact]
    public async Task Following_on_a_terminal_shows_which_step_runs_and_leaves_nothing_behind()
    {
        await using var terminal = RunningTerminal.Start($"$CLI -H {cli.Server.Address} exec --set 'empty#2' --name gated --follow");
        await terminal.UntilAsync("step 1 of 2 'first' runs for ");
        await cli.First.OpenAsync();
        await terminal.UntilAsync("step 2 of 2 'second' runs for ");
        await cli.Second.OpenAsync();

        Assert.Equal(0, await terminal.EndAsync());
        Assert.Contains(", 1 left", terminal.Sent, StringComparison.Ordinal);
        Assert.Contains(", none left", terminal.Sent, StringComparison.Ordinal);
        Assert.EndsWith("----> Plan ended: OK\r\n", WithoutLive(terminal.Sent), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unfinished_line_is_shown_live_and_Ctrl_C_leaves_the_terminal_clean()
    {
        await using var terminal = RunningTerminal.Start($"$CLI -H {cli.Server.Address} exec --set 'empty#2' --name gated --follow");
        await terminal.UntilAsync("\e[2mPassword: \r\r\n");
        terminal.Type("\u0003");

        Assert.Equal(130, await terminal.EndAsync());
        var left = WithoutLive(terminal.Sent);
        var id = left[(left.IndexOf("id: ", StringComparison.Ordinal) + 4)..left.IndexOf("\r\n", StringComparison.Ordinal)];
        Assert.EndsWith($"\r\nhephaestus-cli: execution {id} goes on; to follow it: status --id {id} --follow --from 5\r\n", left, StringComparison.Ordinal);
        Assert.DoesNotContain("Password", left, StringComparison.Ordinal);
        Assert.Equal(0, (await cli.RunAsync("cancel", "--id", id)).ExitCode);
    }

    /// <summary>What stands on the terminal when the live lines, two at most, are erased.</summary>
    private static string WithoutLive(string sent)
    {
        var left = new StringBuilder();
        foreach (var part in Regex.Split(sent, @"(\e\[1A)?\r\e\[J").Where(part => part != "\e[1A"))
        {
            left.Append(part);
            // Live lines are all that is dimmed to the end.
            var live = Regex.Match(left.ToString(), @"\e\[2m[^\e]*\e\[0m(\^C)?$");
            left.Length -= live.Length;
        }

        return left.ToString();
    }
}
