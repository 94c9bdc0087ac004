using System.Text.Json;
using Grpc.Net.Client;
using Hephaestus.Protocol;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Cli;

public sealed class VerbTests(CliServer cli) : IClassFixture<CliServer>
{
    [Fact]
    public async Task Sets_and_plans_are_listed_by_name_one_a_line()
    {
        Assert.Equal(new CliResult(0, "daily\nempty#2\n", ""), await cli.RunAsync("list-plan-sets"));
        Assert.Equal(new CliResult(0, "broken\nfails\nfull\nok\n", ""), await cli.RunAsync("list-plans", "--set", "daily"));
        Assert.Equal(["daily", "empty#2"], Strings(Json(await cli.RunAsync("--json", "list-plan-sets")).GetProperty("sets")));
        Assert.Equal(["bytes", "gated"], Strings(Json(await cli.RunAsync("list-plans", "--json", "--set", "empty#2")).GetProperty("plans")));
    }

    [Fact]
    public async Task A_plan_is_shown_with_all_its_details()
    {
        var result = await cli.RunAsync("list-plan", "--set", "daily", "--name", "full");

        Assert.Equal(0, result.ExitCode);
        Assert.Equal(
            $"""
            Plan:   daily/full
            Id:     full_id
            Steps:  2

            1. step 'copy': Copy & paste
               directory: /tmp
               variable:  TARGET=/mnt/a b
               variable:  LEVEL=3
               command:
                 tar -c . |
                   wc -c

            2. recovery 'undo'
               parent:    copy
               command:
                 true

            Warnings:
              {cli.Home.Plans}/daily/full.conf:2:
            """,
            result.Out[..result.Out.LastIndexOf(":2:", StringComparison.Ordinal)] + ":2:");

        var json = Json(await cli.RunAsync("list-plan", "--set", "daily", "--name", "full", "--json"));
        Assert.Equal("full_id", json.GetProperty("tag_id").GetString());
        Assert.Equal("tar -c . |\n  wc -c", json.GetProperty("steps")[0].GetProperty("command").GetString()!.Trim('\n'));
        Assert.Equal(2, json.GetProperty("warnings")[0].GetProperty("line").GetInt32());
    }

    [Theory]
    [InlineData("list-plan")]
    [InlineData("exec")]
    public async Task A_broken_plan_is_answered_with_all_its_errors(string verb)
    {
        var result = await cli.RunAsync(verb, "--set", "daily", "--name", "broken");

        Assert.Equal((4, ""), (result.ExitCode, result.Out));
        Assert.Equal(
            [$"hephaestus-cli: {cli.Home.Plans}/daily/broken.conf:2:24:", $"hephaestus-cli: {cli.Home.Plans}/daily/broken.conf:5:13:"],
            result.Err.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[..(line.IndexOf(": ", 20, StringComparison.Ordinal) + 1)]));
    }

    [Theory]
    [InlineData("list-plans", "--set", "nosuch")]
    [InlineData("list-plans", "--set", "..")]
    [InlineData("list-plan", "--set", "daily", "--name", "nosuch")]
    [InlineData("exec", "--set", "daily", "--name", "../../etc/passwd")]
    [InlineData("status", "--id", "999999")]
    [InlineData("status", "--id", "999999", "--follow")]
    [InlineData("status", "--id", "999999", "--json")]
    [InlineData("cancel", "--id", "999999")]
    [InlineData("dump-history", "--id", "999999")]
    [InlineData("watch", "--id", "999999")]
    public async Task What_the_server_refuses_is_said_in_one_line(params string[] command)
    {
        var result = await cli.RunAsync(command);

        Assert.Equal((4, ""), (result.ExitCode, result.Out));
        Assert.Matches(@"^hephaestus-cli: [^\n]{10,}\n$", result.Err);
    }

    [Fact]
    public async Task Exec_prints_a_line_that_ends_in_the_id_and_plans_lists_it()
    {
        var result = await cli.RunAsync("exec", "--set", "daily", "--name", "ok", "--wait");

        Assert.Equal((0, ""), (result.ExitCode, result.Err));
        Assert.Matches(@"^[^\n]*id: \d+\n$", result.Out);
        var id = $"{CliProcess.IdIn(result)}";
        Assert.Contains(id, (await cli.RunAsync("plans")).Lines);
        Assert.Contains((await cli.RunAsync("plans", "--long")).Lines, line => line.StartsWith($"{id} ", StringComparison.Ordinal) && line.Contains(" OK ", StringComparison.Ordinal));
        Assert.Contains(
            Json(await cli.RunAsync("plans", "--json")).GetProperty("executions").EnumerateArray(),
            execution => $"{execution.GetProperty("id")}" == id && execution.GetProperty("state").GetString() == "OK");
    }

    [Fact]
    public async Task A_plan_that_does_not_end_OK_is_an_exit_code_of_its_own()
    {
        var waited = await cli.RunAsync("exec", "--set", "daily", "--name", "fails", "--wait");
        var followed = await cli.RunAsync("exec", "--set", "daily", "--name", "fails", "--follow");
        var later = await cli.RunAsync("status", "--id", $"{CliProcess.IdIn(waited)}", "--follow");
        var shown = await cli.RunAsync("status", "--id", $"{CliProcess.IdIn(waited)}");
        var json = await cli.RunAsync("exec", "--set", "daily", "--name", "fails", "--wait", "--json");

        Assert.Equal((3, 3, 3, 0, 3), (waited.ExitCode, followed.ExitCode, later.ExitCode, shown.ExitCode, json.ExitCode));
        Assert.Equal($"hephaestus-cli: execution {CliProcess.IdIn(waited)} of daily/fails ended: NOK\n", waited.Err);
        Assert.EndsWith("E ----> Plan ended: NOK\n", followed.Out, StringComparison.Ordinal);
        Assert.Equal("NOK", Json(json).GetProperty("state").GetString());
        Assert.Equal("Did not run", Json(json).GetProperty("steps")[1].GetProperty("state").GetString());
    }

    [Fact]
    public async Task Status_shows_the_lines_that_the_old_call_gives_and_nothing_else()
    {
        var id = CliProcess.IdIn(await cli.RunAsync("exec", "--set", "daily", "--name", "ok", "--wait"));
        using var channel = GrpcChannel.ForAddress(cli.Server.Address);
        var history = await new Hephaestus.Protocol.Hephaestus.HephaestusClient(channel).ShowStatusAsync(new PlanId { Id = id });

        var result = await cli.RunAsync("status", "--id", $"{id}");

        Assert.Equal(history.History, result.Lines);
        Assert.Contains(result.Lines, line => line.EndsWith(" I out", StringComparison.Ordinal));
        Assert.Contains(result.Lines, line => line.EndsWith(" E err", StringComparison.Ordinal));
        Assert.All(result.Lines, line => Assert.Matches(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [IE] ", line));
    }

    [Fact]
    public async Task A_log_can_be_shown_in_part()
    {
        var id = $"{CliProcess.IdIn(await cli.RunAsync("exec", "--set", "daily", "--name", "ok", "--wait"))}";
        var all = (await cli.RunAsync("status", "--id", id)).Lines;

        Assert.Equal(all[^2..], (await cli.RunAsync("status", "--id", id, "--tail", "2")).Lines);
        Assert.Empty((await cli.RunAsync("status", "--id", id, "--tail", "0")).Lines);
        Assert.Equal(all[3..], (await cli.RunAsync("status", "--id", id, "--from", "4")).Lines);
        Assert.Equal(
            all.Where(line => !line.Contains("----> ", StringComparison.Ordinal)),
            (await cli.RunAsync("status", "--id", id, "--step", "say")).Lines);
        Assert.Equal(4, (await cli.RunAsync("status", "--id", id, "--from", $"{all.Length + 2}")).ExitCode);
        Assert.Equal(4, (await cli.RunAsync("status", "--id", id, "--step", "nosuch")).ExitCode);
    }

    [Fact]
    public async Task A_log_is_one_document_or_one_a_line()
    {
        var id = $"{CliProcess.IdIn(await cli.RunAsync("exec", "--set", "daily", "--name", "ok", "--wait"))}";
        var all = (await cli.RunAsync("status", "--id", id)).Lines;

        var document = Json(await cli.RunAsync("status", "--id", id, "--json"));
        var lines = (await cli.RunAsync("status", "--id", id, "--json", "--follow")).Lines.Select(Json).ToArray();

        Assert.Equal("OK", document.GetProperty("state").GetString());
        Assert.Equal(all.Select(line => line[22..]), document.GetProperty("log").EnumerateArray().Select(line => line.GetProperty("text").GetString()));
        Assert.Equal(all.Select(line => line[22..]), lines[..^1].Select(line => line.GetProperty("text").GetString()));
        Assert.Contains(lines, line => line.TryGetProperty("step", out var step) && step.GetString() == "say" && line.GetProperty("stream").GetString() == "err");
        Assert.Equal($$"""{"type":"end","id":{{id}},"state":"OK"}""", lines[^1].GetRawText());
    }

    [Fact]
    public async Task A_dump_is_a_file_and_off_the_list()
    {
        var id = $"{CliProcess.IdIn(await cli.RunAsync("exec", "--set", "daily", "--name", "ok", "--wait"))}";
        var all = await cli.RunAsync("status", "--id", id);

        Assert.Equal(0, (await cli.RunAsync("dump-history", "--id", id)).ExitCode);

        Assert.DoesNotContain(id, (await cli.RunAsync("plans")).Lines);
        var file = Assert.Single(Directory.GetFiles(cli.Home.Dumps, $"daily.ok({id})_*.log"));
        Assert.Equal(all.Out, await File.ReadAllTextAsync(file));
    }

    [Fact]
    public async Task All_that_have_ended_can_be_dumped_at_once()
    {
        var id = $"{CliProcess.IdIn(await cli.RunAsync("exec", "--set", "daily", "--name", "fails", "--wait"))}";

        Assert.Equal(0, (await cli.RunAsync("dump-all-history")).ExitCode);

        Assert.DoesNotContain(id, (await cli.RunAsync("plans")).Lines);
        Assert.Single(Directory.GetFiles(cli.Home.Dumps, $"daily.fails({id})_*.log"));
    }

    [Fact]
    public async Task The_connection_can_be_a_socket_and_is_told_about()
    {
        var result = await CliProcess.RunAsync("--verbose", "--hostname", $"unix://{cli.Home.Socket}", "list-plan-sets");

        Assert.Equal((0, "daily\nempty#2\n"), (result.ExitCode, result.Out));
        Assert.Contains($"connecting to unix://{cli.Home.Socket} without TLS\n", result.Err, StringComparison.Ordinal);
        Assert.Contains("hephaestus-cli: connected to ", result.Err, StringComparison.Ordinal);
    }

    private static IEnumerable<string?> Strings(JsonElement array) => array.EnumerateArray().Select(element => element.GetString());

    private static JsonElement Json(CliResult result)
    {
        Assert.Equal("", string.Concat(result.Err.Split('\n').Where(line => !line.Contains("ended: ", StringComparison.Ordinal))));
        return Json(result.Out);
    }

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;
}
