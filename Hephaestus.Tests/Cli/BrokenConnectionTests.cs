using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Cli;

public sealed class BrokenConnectionTests
{
    [Fact]
    public async Task However_often_the_connection_breaks_no_line_is_lost_and_none_comes_twice()
    {
        await using var home = new ServerHome();
        home.Plan("a", "lines", "<plan id=\"l\"></plan>\n<step name=\"out\">\nseq 1 60000\nhead -c 500000 /dev/zero | tr '\\0' x\necho\nseq 1 20000 >&2\n</step>\n");
        var server = await home.StartAsync();
        await using var way = new Cutting(server.Address);
        await using var follower = RunningCli.Start("-H", way.Address, "exec", "--set", "a", "--name", "lines", "--follow");

        // What the program has read, but cannot print because nobody takes it, is all that a cut leaves it.
        foreach (var line in new[] { " I 1", " I 10000", " I 20000", " I 30000", " I 40000", " I 50000", " E 1", " E 9999" })
        {
            await follower.LineAsync(line);
            await way.CutAsync();
        }

        var followed = await follower.EndAsync();
        var shown = await CliProcess.RunAsync(server, "status", "--id", "1");

        Assert.Equal(0, followed.ExitCode);
        Assert.Equal(shown.Lines, followed.Lines[1..]);
        Assert.Contains($"hephaestus-cli: the connection to {way.Address} failed: ", followed.Err, StringComparison.Ordinal);
        Assert.Contains("; trying to reach it again\nhephaestus-cli: connected again\n", followed.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Followers_and_watchers_go_on_where_they_were_when_a_killed_server_is_back()
    {
        await using var home = new ServerHome($"host.grpc.address = 127.0.0.1:{FreePort()}");
        var (gate, other) = (new Gate(home.Directory, "gate"), new Gate(home.Directory, "other"));
        home.Plan("a", "gated", $"<plan id=\"g\"></plan>\n<step name=\"first\">\necho one\nprintf two,\n{gate.Wait}\necho three\n</step>\n<step name=\"second\">\necho four\n</step>\n");
        home.Plan("a", "other", $"<plan id=\"o\"></plan>\n<step name=\"first\">\n{other.Wait}\n</step>\n");
        var killed = await home.StartAsync();
        await using var watcher = RunningCli.Start("-H", killed.Address, "watch", "--json");
        await watcher.LineAsync("\"snapshot\"");
        await watcher.LineAsync("\"catalogue_complete\"");
        await using var follower = RunningCli.Start("-H", killed.Address, "exec", "--set", "a", "--name", "gated", "--follow", "--retry-for", "10m");
        await follower.LineAsync(" I one");
        await using var waiter = RunningCli.Start("-H", killed.Address, "exec", "--set", "a", "--name", "other", "--wait");
        await waiter.LineAsync("id: 2");
        await watcher.LineAsync("\"step_started\"");
        await killed.KillAsync();
        home.Plan("a", "new", "<plan id=\"n\"></plan>\n<step name=\"s\">\ntrue\n</step>\n");
        await gate.OpenAsync();
        await other.OpenAsync();

        var server = await home.StartAsync();
        var followed = await follower.EndAsync();
        var waited = await waiter.EndAsync();
        await watcher.LineAsync("\"name\":\"new\"");
        var shown = await CliProcess.RunAsync(server, "status", "--id", "1");
        watcher.Send(Signals.Interrupt);
        var watched = await watcher.EndAsync();

        Assert.Equal((0, 0), (followed.ExitCode, waited.ExitCode));
        Assert.Equal(shown.Lines, followed.Lines[1..]);
        Assert.Single(followed.Lines, line => line.EndsWith(" I two,three", StringComparison.Ordinal));
        Assert.EndsWith("; trying to reach it again for 10m\nhephaestus-cli: connected again\n", followed.Err, StringComparison.Ordinal);
        var changes = watched.Lines.Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        var sequences = changes.Where(change => Type(change) == "event").Select(change => change.GetProperty("sequence").GetInt64()).ToArray();
        Assert.Equal(sequences.Order().Distinct(), sequences);
        Assert.Equal(["gated", "other", "new"], changes.Where(change => Type(change) == "plan").Select(change => change.GetProperty("name").GetString()));
        Assert.Single(changes, change => Type(change) == "set");
    }

    [Fact]
    public async Task When_the_answer_to_exec_is_lost_it_is_asked_for_again_and_nothing_runs_twice()
    {
        await using var home = new ServerHome();
        home.Plan("a", "ok", "<plan id=\"o\"></plan>\n<step name=\"s\">\ntrue\n</step>\n");
        var server = await home.StartAsync();
        await using var way = new Cutting(server.Address) { Deaf = true };
        await using var watcher = RunningCli.Start("-H", server.Address, "watch");
        await watcher.LineAsync("1 plan set with 1 plan");
        await using var exec = RunningCli.Start("-H", way.Address, "exec", "--set", "a", "--name", "ok", "--wait");
        await watcher.LineAsync(" 1 a/ok ended: OK");
        way.Deaf = false;
        await way.CutAsync();

        var result = await exec.EndAsync();

        Assert.Equal((0, "Execution of a/ok is accepted, id: 1\n"), (result.ExitCode, result.Out));
        Assert.Equal(["1"], (await CliProcess.RunAsync(server, "plans")).Lines);
    }

    [Fact]
    public async Task How_long_a_break_may_last_can_be_said()
    {
        await using var home = new ServerHome();
        var gate = new Gate(home.Directory, "gate");
        home.Plan("a", "gated", $"<plan id=\"g\"></plan>\n<step name=\"first\">\necho one\n{gate.Wait}\n</step>\n");
        var server = await home.StartAsync();
        await using var follower = RunningCli.Start("-H", server.Address, "exec", "--set", "a", "--name", "gated", "--follow", "--retry-for", "1s");
        await follower.LineAsync(" I one");
        await server.KillAsync();

        var result = await follower.EndAsync();

        Assert.Equal(4, result.ExitCode);
        Assert.Contains("trying to reach it again for 1s\n", result.Err, StringComparison.Ordinal);
        Assert.EndsWith($"hephaestus-cli: cannot reach {server.Address}: Connection refused\n", result.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watcher_whose_server_came_back_without_its_history_begins_anew()
    {
        await using var home = new ServerHome($"host.grpc.address = 127.0.0.1:{FreePort()}");
        var gate = new Gate(home.Directory, "gate");
        home.Plan("a", "gated", $"<plan id=\"g\"></plan>\n<step name=\"s\">\n{gate.Wait}\n</step>\n");
        var first = await home.StartAsync();
        await using var watcher = RunningCli.Start("-H", first.Address, "watch");
        await watcher.LineAsync("1 plan set with 1 plan");
        await CliProcess.RunAsync(first, "exec", "--set", "a", "--name", "gated");
        await watcher.LineAsync(" 1 a/gated step 's' runs as process ");
        await gate.OpenAsync();
        await watcher.LineAsync(" 1 a/gated ended: OK");
        await first.StopAsync();
        await Remnants.EndAsync(home);
        Directory.Delete(home.State, recursive: true);

        var second = await home.StartAsync();
        await CliProcess.RunAsync(second, "exec", "--set", "a", "--name", "gated");
        await watcher.LineAsync(" 1 a/gated ");
        await gate.OpenAsync();
        await watcher.LineAsync(" 1 a/gated ended: OK");
        watcher.Send(Signals.Interrupt);

        Assert.Contains("; what happened meanwhile is lost\n", (await watcher.EndAsync()).Err, StringComparison.Ordinal);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string? Type(JsonElement change) => change.GetProperty("type").GetString();
}
