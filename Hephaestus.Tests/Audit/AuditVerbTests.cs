using System.Globalization;
using System.Text.Json;
using Grpc.Core;
using Hephaestus.Protocol;
using Hephaestus.Tests.Cli;
using Hephaestus.Tests.EndToEnd;
using Hephaestus.Tests.Journal;

namespace Hephaestus.Tests.Audit;

/// <summary>The command that shows the audit, and an audit that cannot be written.</summary>
public sealed class AuditVerbTests
{
    [Fact]
    public async Task The_newest_calls_are_shown_first_in_columns()
    {
        await using var home = Home();
        await using var server = await home.StartAsync();
        await CliProcess.ExecAsync(server, "set", "p");
        await CliProcess.RunAsync(server, "cancel", "--id", "1", "--reason", "no need");
        await CliProcess.RunAsync(server, "exec", "--set", "other", "--name", "none");

        var shown = await AuditAsync(home);

        Assert.Equal((0, ""), (shown.ExitCode, shown.Err));
        Assert.Matches("^TIME +WHO +FROM +CALL +STATUS +ABOUT +WHY$", shown.Lines[0]);
        Assert.Equal(
            [
                "anonymous 127.0.0.1 Execute NOT_FOUND other/none there is no plan set 'other'",
                "anonymous 127.0.0.1 CancelExecution FAILED_PRECONDITION set/p, execution 1: no need execution 1 has ended: OK",
                "anonymous 127.0.0.1 Execute OK set/p, began 1 -",
            ],
            shown.Lines.Skip(1).Select(line => string.Join(' ', line[20..].Split(' ', StringSplitOptions.RemoveEmptyEntries))));
        Assert.All(shown.Lines.Skip(1), line => Assert.Matches(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  ", line));
    }

    [Fact]
    public async Task Filters_and_a_limit_say_what_is_shown()
    {
        await using var home = Home();
        await using var server = await home.StartAsync();
        await CliProcess.ExecAsync(server, "set", "p");
        await CliProcess.RunAsync(server, "exec", "--set", "set", "--name", "none");
        await CliProcess.RunAsync(server, "exec", "--set", "other", "--name", "none");
        var future = DateTimeOffset.Now.AddDays(2).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

        Assert.Equal(["other/none", "set/none", "set/p"], await AboutAsync(home));
        Assert.Equal(["other/none", "set/none"], await AboutAsync(home, "--refused"));
        Assert.Equal(["set/none", "set/p"], await AboutAsync(home, "--set", "set"));
        Assert.Equal(["other/none"], await AboutAsync(home, "--limit", "1"));
        Assert.Equal("hephaestus-cli: there are older ones; --limit shows more\n", (await AuditAsync(home, "--limit", "1")).Err);
        Assert.Equal("", (await AuditAsync(home, "--limit", "3")).Err);
        Assert.Equal(["other/none", "set/none", "set/p"], await AboutAsync(home, "--who", "anonymous", "--since", "1h"));
        Assert.Empty(await AboutAsync(home, "--who", "cert:anna"));
        Assert.Empty(await AboutAsync(home, "--since", future));
        Assert.Equal(3, (await AboutAsync(home, "--since", "2026-01-01 10:00")).Length);
        Assert.Equal(3, (await AboutAsync(home, "--since", "9999999h")).Length);
    }

    [Theory]
    [InlineData("--since", "yesterday", "'yesterday' is no time: it must be as \"2026-11-24 21:10:06\", in local time, or a whole number with s, m or h (as 90s)")]
    [InlineData("--limit", "0", "'0' is not N: it must be a whole number from 1 to ")]
    public async Task What_makes_no_sense_is_refused(string option, string value, string said)
    {
        var result = await CliProcess.RunAsync("--hostname", "http://127.0.0.1:1", "audit", option, value);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains(said, result.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_that_somebody_made_up_do_a_terminal_no_harm()
    {
        await using var home = Home();
        await using var server = await home.StartAsync();
        using var local = new LocalClient(home);
        var evil = new PlanArg { Set = "\e]0;owned\a\nset", Plan = "\u009b2J\rplan", RequestId = "\e[8m" };
        await LocalClient.RefusedAsync(local.Calls.ExecuteAsync(evil).ResponseAsync);
        var cancel = new CancelExecutionRequest { Id = 1, Reason = "\e]0;owned\a" };
        await LocalClient.RefusedAsync(local.Calls.CancelExecutionAsync(cancel).ResponseAsync);

        var piped = await AuditAsync(home);
        await using var terminal = RunningTerminal.Start($"NO_COLOR=1 $CLI -H unix://{home.Socket} audit");
        Assert.Equal(0, await terminal.EndAsync());

        Assert.Equal(3, piped.Lines.Length);
        Assert.All([piped.Out, terminal.Sent], sent => Assert.DoesNotContain(sent, letter => letter is '\e' or '\a' or '\u009b'));
        Assert.Contains("execution 1", piped.Out, StringComparison.Ordinal);
    }

    [FactForRoot]
    public async Task While_the_disk_is_full_nothing_is_changed_refusals_are_answered_and_counted()
    {
        await using var disk = await SmallDisk.MountAsync("size=4m");
        await using var home = Home();
        home.MoveState(Path.Combine(disk.Directory.Root, "state"));
        await using (var server = await home.StartAsync())
        {
            using var client = new ServerClient(server);
            using var local = new LocalClient(home);
            var filler = disk.Fill();
            var waiting = client.ExecuteAsync("set", "p");
            await server.SaysAsync("journal.db: its disk is full");

            var none = await LocalClient.RefusedAsync(client.ExecuteAsync("set", "none"));
            using var drain = local.Calls.Drain(new DrainRequest { NoWait = true });
            var drained = await LocalClient.RefusedAsync(drain.ResponseStream.MoveNext());
            await server.SaysAsync("Refused calls cannot be recorded in the audit, they are counted: ");

            Assert.Equal((StatusCode.NotFound, StatusCode.Unavailable), (none.StatusCode, drained.StatusCode));
            Assert.False((await client.Calls.ListExecutionsAsync(new ListExecutionsRequest()).ResponseAsync.DefaultTimeout()).Draining);
            SmallDisk.Empty(filler);
            await client.EndedAsync(await waiting);
            Assert.Equal(0, await server.StopAsync());
            Assert.Contains("2 refused calls are in the audit by their number only", server.Errors, StringComparison.Ordinal);
        }

        await using var next = await home.StartAsync();
        var shown = await AuditAsync(home);
        Assert.Equal(3, shown.Lines.Length);
        Assert.Matches("UNAVAILABLE +and 2 more like it +refused while the journal could not be written$", shown.Lines[1]);
        Assert.Matches("anonymous +127.0.0.1 +Execute +OK +set/p, began 1 +-$", shown.Lines[2]);
        Assert.Equal(0, await next.StopAsync());
        await Remnants.GoneAsync(home);
    }

    private static ServerHome Home()
    {
        var home = new ServerHome();
        home.Plan("set", "p", "<plan id=\"p\"></plan>\n<step name=\"a\">true</step>\n");
        return home;
    }

    private static Task<CliResult> AuditAsync(ServerHome home, params string[] options) =>
        CliProcess.RunAsync(["--hostname", $"unix://{home.Socket}", "audit", .. options]);

    private static async Task<string[]> AboutAsync(ServerHome home, params string[] options)
    {
        var result = await AuditAsync(home, ["--json", .. options]);
        Assert.Equal((0, ""), (result.ExitCode, result.Err));
        using var json = JsonDocument.Parse(result.Out);
        return [.. json.RootElement.GetProperty("records").EnumerateArray().Select(
            record => $"{record.GetProperty("set").GetString()}/{record.GetProperty("plan").GetString()}")];
    }
}
