using System.Diagnostics;
using Hephaestus.Protocol;
using Hephaestus.Tests.EndToEnd;
using Hephaestus.Tests.Grpc;

namespace Hephaestus.Tests.Hermes;

/// <summary>Statuses told to a Hermes of another gRPC implementation, which goes away and comes back.</summary>
public sealed class HermesTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();
    private Process? _hermes;

    [PythonFact]
    public async Task Every_end_is_told_in_its_order_over_outages_and_restarts()
    {
        var port = await StartHermesAsync(0);
        await using var home = Home(port);
        await using (var first = await home.StartAsync())
        {
            await CliProcess.ExecAsync(first, "set", "good");
            await CliProcess.ExecAsync(first, "set", "bad");
            await ToldAsync(2);
            await StopHermesAsync();
            await CliProcess.ExecAsync(first, "set", "good");
            await first.KillAsync();
        }

        await using var second = await home.StartAsync();
        await CliProcess.ExecAsync(second, "set", "bad");
        await StartHermesAsync(port);

        Assert.Equal(
            ["statuses olympus/set/good_id/1 OK", "statuses olympus/set/bad_id/2 NOK", "statuses olympus/set/good_id/3 OK", "statuses olympus/set/bad_id/4 NOK"],
            await ToldAsync(4));
    }

    [PythonFact]
    public async Task What_is_refused_for_good_is_set_aside_and_holds_up_nothing()
    {
        var port = await StartHermesAsync(0);
        await using var home = Home(port);
        await using (var first = await home.StartAsync())
        {
            await CliProcess.ExecAsync(first, "set", "refused");
            await CliProcess.ExecAsync(first, "set", "good");
            Assert.Equal(["statuses olympus/set/good_id/2 OK"], await ToldAsync(1));
            await first.SaysAsync("Hermes refuses olympus/set/refused/1: InvalidArgument, not this one");
        }

        Assert.Equal(["statuses olympus/set/good_id/2 OK"], await File.ReadAllLinesAsync(_file));
    }

    [PythonTheory]
    [InlineData("INVALID_ARGUMENT", "InvalidArgument")]
    [InlineData("UNIMPLEMENTED", "Unimplemented")]
    [InlineData("PERMISSION_DENIED", "PermissionDenied")]
    public async Task What_was_set_aside_stays_so_over_restarts_until_it_is_sent_again(string code, string said)
    {
        await File.WriteAllTextAsync(_file + ".refuse", code);
        var port = await StartHermesAsync(0);
        await using var home = Home(port);
        await using (var first = await home.StartAsync())
        {
            await CliProcess.ExecAsync(first, "set", "good");
            await first.SaysAsync($"Hermes refuses olympus/set/good_id/1: {said}, not this one; it is set aside");
            await first.StopAsync();
        }

        File.Delete(_file + ".refuse");
        await using var second = await home.StartAsync();
        Assert.Contains("1 of what Hermes was told it refused: hephaestus-cli hermes shows it, and sends it again", second.Said);
        await CliProcess.ExecAsync(second, "set", "bad");
        Assert.Equal(["statuses olympus/set/bad_id/2 NOK"], await ToldAsync(1));
        var shown = await CliProcess.RunAsync(second, "hermes");
        Assert.Equal($"Hermes at http://127.0.0.1:{port}: 0 waiting, 1 set aside", shown.Lines[0]);
        Assert.Matches($@"^1 +set +good +OK +\S+ \S+ +\S+ \S+ +{said}: not this one$", shown.Lines[^1]);

        var sent = await CliProcess.RunAsync(second, "hermes", "--send-again", "--id", "1");

        Assert.Equal((0, "1 sent again\n"), (sent.ExitCode, sent.Out));
        Assert.Equal(["statuses olympus/set/bad_id/2 NOK", "statuses olympus/set/good_id/1 OK"], await ToldAsync(2));
        Assert.Equal("Nothing was set aside\n", (await CliProcess.RunAsync(second, "hermes", "--send-again")).Out);
        var twice = await CliProcess.RunAsync(second, "hermes", "--send-again", "--id", "1");
        Assert.Equal(4, twice.ExitCode);
        Assert.Contains("the end of execution 1 was not set aside", twice.Err);
    }

    [PythonFact]
    public async Task What_is_sent_again_during_an_outage_takes_its_old_place()
    {
        await File.WriteAllTextAsync(_file + ".refuse", "");
        var port = await StartHermesAsync(0);
        await using var home = Home(port);
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        await client.RunAsync("set", "good");
        await server.SaysAsync("Hermes refuses");
        await StopHermesAsync();
        File.Delete(_file + ".refuse");
        await client.RunAsync("set", "bad");
        await client.RunAsync("set", "good");
        await server.SaysAsync("cannot be reached");

        var before = await client.Calls.ListHermesAsync(new ListHermesRequest()).ResponseAsync.DefaultTimeout();
        Assert.Equal((2u, 1u, (await client.GetAsync(2)).Ended), (before.Waiting, before.SetAside, before.OldestWaiting));
        Assert.StartsWith("Unavailable: ", before.LastError, StringComparison.Ordinal);
        Assert.NotNull(before.LastErrorTime);
        Assert.Equal(["olympus/set/good_id/1", "olympus/set/bad_id/2", "olympus/set/good_id/3"], before.Entries.Select(entry => entry.Key));
        Assert.Equal(["InvalidArgument: not this one", "", ""], before.Entries.Select(entry => entry.Refused));
        var first = await client.Calls.ListHermesAsync(new ListHermesRequest { PageSize = 2 }).ResponseAsync.DefaultTimeout();
        var rest = await client.Calls.ListHermesAsync(new ListHermesRequest { PageSize = 2, PageToken = first.NextPageToken }).ResponseAsync.DefaultTimeout();
        Assert.Equal(before.Entries, first.Entries.Concat(rest.Entries));
        Assert.Equal("", rest.NextPageToken);
        var sent = await client.Calls.SendHermesAgainAsync(new SendHermesAgainRequest()).ResponseAsync.DefaultTimeout();
        Assert.Equal(1u, sent.Count);
        await StartHermesAsync(port);

        Assert.Equal(
            ["statuses olympus/set/good_id/1 OK", "statuses olympus/set/bad_id/2 NOK", "statuses olympus/set/good_id/3 OK"],
            await ToldAsync(3));
    }

    [Fact]
    public async Task A_server_that_tells_Hermes_nothing_says_so()
    {
        await using var home = new ServerHome("access.anonymous = admin");
        await using var server = await home.StartAsync();

        var shown = await CliProcess.RunAsync(server, "hermes", "--json");
        var sent = await CliProcess.RunAsync(server, "hermes", "--send-again");

        Assert.Equal(0, shown.ExitCode);
        Assert.Contains("\"set_aside\":0", shown.Out.Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal("Hermes is told nothing (hermes.enable = no): 0 waiting, 0 set aside\n", (await CliProcess.RunAsync(server, "hermes")).Out);
        Assert.Equal(4, sent.ExitCode);
        Assert.Contains("hermes.enable = no", sent.Err);
    }

    public void Dispose()
    {
        _hermes?.Kill();
        _hermes?.Dispose();
        File.Delete(_file);
        File.Delete(_file + ".refuse");
    }

    private static ServerHome Home(int port)
    {
        var home = new ServerHome(
            "hermes.enable = yes", $"hermes.grpc.address = http://127.0.0.1:{port}", "hermes.table = statuses", "hermes.key.prefix = olympus/",
            "access.anonymous = admin");
        home.Plan("set", "good", "<plan id=\"good_id\"></plan>\n<step name=\"a\">true</step>\n");
        home.Plan("set", "bad", "<plan id=\"bad_id\"></plan>\n<step name=\"a\">false</step>\n");
        home.Plan("set", "refused", "<plan id=\"refused\"></plan>\n<step name=\"a\">true</step>\n");
        return home;
    }

    private async Task<int> StartHermesAsync(int port)
    {
        _hermes = Python.Start(Python.Script("hermes.py"), $"{port}", _file);
        return int.Parse(await _hermes.StandardOutput.ReadLineAsync().DefaultTimeout() ?? await _hermes.StandardError.ReadToEndAsync());
    }

    private async Task StopHermesAsync()
    {
        _hermes!.Kill();
        await _hermes.WaitForExitAsync().DefaultTimeout();
        _hermes.Dispose();
    }

    /// <summary>The first pairs that Hermes got; completes when there are so many.</summary>
    private async Task<string[]> ToldAsync(int count)
    {
        using var changed = new SemaphoreSlim(0);
        using var watcher = new FileSystemWatcher(Path.GetDirectoryName(_file)!, Path.GetFileName(_file));
        watcher.Changed += (_, _) => changed.Release();
        watcher.EnableRaisingEvents = true;
        while (await File.ReadAllLinesAsync(_file) is var lines)
        {
            if (lines.Length >= count)
            {
                return lines;
            }

            await changed.WaitAsync().DefaultTimeout();
        }

        return [];
    }
}
