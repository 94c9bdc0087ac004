using System.Diagnostics;
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

    [PythonFact]
    public async Task What_was_set_aside_is_told_by_the_next_start()
    {
        await File.WriteAllTextAsync(_file + ".refuse", "");
        var port = await StartHermesAsync(0);
        await using var home = Home(port);
        await using (var first = await home.StartAsync())
        {
            await CliProcess.ExecAsync(first, "set", "good");
            await first.SaysAsync("Hermes refuses");
        }

        File.Delete(_file + ".refuse");
        await using var second = await home.StartAsync();

        Assert.Equal(["statuses olympus/set/good_id/1 OK"], await ToldAsync(1));
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
            "hermes.enable = yes", $"hermes.grpc.address = http://127.0.0.1:{port}", "hermes.table = statuses", "hermes.key.prefix = olympus/");
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
