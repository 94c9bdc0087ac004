using System.Diagnostics;
using System.Globalization;
using Grpc.Core;
using Hephaestus.Protocol;
using Hephaestus.Tests.EndToEnd;
using Xunit.Abstractions;

namespace Hephaestus.Tests.History;

/// <summary>
/// A server whose journal holds many executions. How many HEPHAESTUS_EXECUTIONS says (1,000 without it); scripts/time-history
/// shows how long all of this takes, and what memory.
/// </summary>
public sealed class ManyExecutionsTests(ITestOutputHelper output)
{
    private const int Newest = 50;
    private const int Repeats = 5;

    private static readonly int s_executions =
        int.Parse(Environment.GetEnvironmentVariable("HEPHAESTUS_EXECUTIONS") ?? "1000", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Lists_of_any_kind_hold_the_newest_of_a_long_history()
    {
        await using var home = new ServerHome();
        home.Plan("set", "plan", "<plan id=\"p\"></plan>\n<step name=\"s\">true</step>\n");
        Directory.CreateDirectory(home.State);
        GeneratedHistory.Write(Path.Combine(home.State, "journal.db"), s_executions);
        await (await TimedAsync("first start, which brings the journal up to date", () => StartedAsync(home))).StopAsync();

        await using var server = await TimedAsync("start to the first answer", () => StartedAsync(home));
        using var client = new ServerClient(server);
        Say("idle", Memory(server.Pid));
        var late = (uint)(s_executions / 2);
        await ListedAsync(client, "newest 50", new(), id => true);
        await ListedAsync(client, "50 in the middle", new() { PageToken = $"{late}" }, id => id < late);
        await ListedAsync(client, "newest 50 of a set", new() { Set = "set 7" }, id => Of(id).Set == "set 7");
        await ListedAsync(client, "newest 50 of a plan", new() { Plan = "plan 77" }, id => Of(id).Plan == "plan 77");
        await ListedAsync(client, "newest 50 of set and plan", new() { Set = "set 17", Plan = "plan 77" }, id => Of(id) is ("set 17", "plan 77", _));
        await ListedAsync(client, "newest 50 that are NOK", new() { States = { State.Nok } }, id => Of(id).State == State.Nok);
        await ListedAsync(client, "those of a rare set", new() { Set = GeneratedHistory.RareSet }, IsRare);
        await ListedAsync(client, "those of a rare plan", new() { Plan = GeneratedHistory.RarePlan }, IsRare);
        await ListedAsync(client, "those of a rare state", new() { States = { State.Lost } }, IsRare);
        await ListedAsync(client, "a set's of a rare state", new() { Set = "set 7", States = { State.Lost } }, _ => false);
        await ListedAsync(client, "those of a set without that plan", new() { Set = "set 7", Plan = "plan 8" }, _ => false);
        await ListedAsync(client, "newest 50 that are listed and OK", new() { ListedOnly = true, States = { State.Ok } }, id => Of(id).State == State.Ok);
        await ListedAsync(
            client, "50 NOK of a set in the middle", new() { Set = "set 3", States = { State.Nok }, PageToken = $"{late}" },
            id => id < late && Of(id) is ("set 3", _, State.Nok));
        await SnapshotAsync(client);
        await ShowPlansAsync(client);
        Say("after these", Memory(server.Pid));
        Assert.Equal((uint)s_executions + 1, (await TimedAsync("exec to its end", () => client.RunAsync("set", "plan"))).Id);

        await LimitAsync(home, server, "set?7");
        await ListedAsync(client, "newest 50 of one's only set", new(), id => Of(id).Set == "set 7");
        await ListedAsync(client, "those of one's set that are NOK, in the middle", new() { States = { State.Nok }, PageToken = $"{late}" }, id => id < late && Of(id) is ("set 7", _, State.Nok));
        await ListedAsync(client, "newest 50 of a plan in one's set", new() { Plan = "plan 77" }, _ => false);
        await LimitAsync(home, server, "rare*");
        await ListedAsync(client, "those of one's only set, a rare one", new(), IsRare);
        await ShowPlansAsync(client, IsRare);
        await LimitAsync(home, server, "rare* set?1*");
        await ListedAsync(client, "newest 50 of one's twelve sets", new(), id => IsMine(Of(id).Set));
        await ListedAsync(client, "newest 50 of them that are OK", new() { States = { State.Ok } }, id => Of(id) is (var set, _, State.Ok) && IsMine(set));
        await ListedAsync(client, "newest 50 of a plan in them", new() { Plan = "plan 10" }, id => Of(id) is (var set, "plan 10", _) && IsMine(set));
        await ShowPlansAsync(client, id => IsMine(Of(id).Set));

        static bool IsMine(string set) => set == GeneratedHistory.RareSet || set.StartsWith("set 1", StringComparison.Ordinal);
    }

    private static async Task LimitAsync(ServerHome home, ServerProcess server, string sets)
    {
        await File.AppendAllLinesAsync(home.Configuration, [$"access.anonymous = viewer {sets}"]);
        await server.SaysAsync($"rules of access taken in: access.anonymous = viewer {sets}");
    }

    [Fact]
    public async Task Retention_of_a_long_history_holds_nobody_up()
    {
        var kept = s_executions / 10;
        await using var home = new ServerHome($"history.keep_count = {kept}", $"history.keep_bytes = 1G");
        home.Plan("set", "plan", "<plan id=\"p\"></plan>\n<step name=\"s\">true</step>\n");
        Directory.CreateDirectory(home.State);
        GeneratedHistory.Write(Path.Combine(home.State, "journal.db"), s_executions);
        await (await TimedAsync("first start with retention", () => StartedAsync(home))).KillAsync();

        await using var server = await TimedAsync("next start while logs go", () => StartedAsync(home));
        using var client = new ServerClient(server);
        var (watch, accepting, listing) = (Stopwatch.StartNew(), new List<double>(), new List<double>());
        var ran = 0;
        while (RemovedLogs.Ask(home, $"SELECT kept <= {kept} AND NOT EXISTS (SELECT 1 FROM removed_logs WHERE stage < 2) FROM numbers") == 0)
        {
            await TookAsync(accepting, () => client.ExecuteAsync("set", "plan"));
            await TookAsync(listing, () => client.Calls.ListExecutionsAsync(new() { PageSize = Newest }).ResponseAsync.DefaultTimeout());
            await client.EndedAsync((uint)(s_executions + ++ran));
        }

        Say("the logs of all but a tenth go in", Milliseconds(watch.Elapsed.TotalMilliseconds));
        Say("meanwhile exec is answered in", Spread(accepting));
        Say("meanwhile the newest 50 are listed in", Spread(listing));
        Say("after that", Memory(server.Pid));
        Assert.Equal(s_executions + ran - kept, RemovedLogs.Ask(home, "SELECT count(*) FROM removed_logs"));
        Assert.Equal(0, RemovedLogs.Ask(home, "SELECT count(*) FROM events WHERE execution IN (SELECT execution FROM removed_logs)"));
        Assert.Equal((State.Lost, "history.keep_count"), (await client.GetAsync(1)) is var first ? (first.State, first.LogRemovedWhy.Split(' ')[0]) : default);
    }

    private static async Task TookAsync<T>(List<double> times, Func<Task<T>> ask)
    {
        var watch = Stopwatch.StartNew();
        await ask();
        times.Add(watch.Elapsed.TotalMilliseconds);
    }

    private static string Spread(List<double> times) => times.Count == 0
        ? "(it was too fast)"
        : $"{Milliseconds(times.Order().ElementAt(times.Count / 2))} (at most {Milliseconds(times.Max())}, {times.Count} times)";

    private static string Milliseconds(double time) => string.Create(CultureInfo.InvariantCulture, $"{time:0.0} ms");

    private static (string Set, string Plan, State State) Of(int id) => GeneratedHistory.Of(id);

    private static bool IsRare(int id) => Of(id).Set == GeneratedHistory.RareSet;

    private static async Task<ServerProcess> StartedAsync(ServerHome home)
    {
        var server = await home.StartAsync();
        using var client = new ServerClient(server);
        Assert.Equal(1u, (await client.GetAsync(1)).Id);
        return server;
    }

    private async Task ListedAsync(ServerClient client, string what, ListExecutionsRequest request, Predicate<int> wanted)
    {
        request.PageSize = Newest;
        var expected = Enumerable.Range(1, s_executions).Reverse().Where(id => wanted(id)).Take(Newest);
        var page = await TimedAsync(what, () => client.Calls.ListExecutionsAsync(request).ResponseAsync.DefaultTimeout(), Repeats);
        Assert.Equal(expected.Select(id => (uint)id), page.Executions.Select(execution => execution.Id));
        Assert.All(page.Executions, execution => Assert.Equal(Of((int)execution.Id).State, execution.State));
    }

    private async Task SnapshotAsync(ServerClient client)
    {
        var snapshot = await TimedAsync("snapshot with the newest 50", () => SnapshotAsync(client, Newest), Repeats);
        Assert.Equal(Enumerable.Range(0, Newest).Select(back => (uint)(s_executions - back)), snapshot.Executions.Select(each => each.Id));
    }

    private static async Task<ExecutionSnapshot> SnapshotAsync(ServerClient client, uint newest)
    {
        using var timeout = new CancellationTokenSource(Timeouts.Default);
        using var call = client.Calls.WatchExecutions(new WatchExecutionsRequest { Newest = newest });
        Assert.True(await call.ResponseStream.MoveNext(timeout.Token));
        return call.ResponseStream.Current.Snapshot;
    }

    private async Task ShowPlansAsync(ServerClient client, Predicate<int>? wanted = null)
    {
        var all = Enumerable.Range(1, s_executions).Where(id => wanted?.Invoke(id) != false).Select(id => (uint)id).ToArray();
        var (list, leftOut) = await TimedAsync(
            wanted is null ? "ShowPlans, the newest in 4 MiB" : $"ShowPlans of {all.Length} of one's own",
            async () =>
            {
                using var call = client.Calls.ShowPlansAsync(new Empty());
                return (await call.ResponseAsync.DefaultTimeout(), int.Parse(call.GetTrailers().GetValue("left-out") ?? "0"));
            },
            Repeats);
        Assert.Equal(all[leftOut..], list.Ids.Select(each => each.Id));
        Say("ids in it", $"{list.Ids.Count}");
    }

    /// <summary>The median of several; nothing here depends on how long it takes.</summary>
    private async Task<T> TimedAsync<T>(string what, Func<Task<T>> ask, int repeats = 1)
    {
        var (times, result) = (new List<double>(), default(T));
        for (var repeat = 0; repeat < repeats; repeat++)
        {
            var watch = Stopwatch.StartNew();
            result = await ask();
            times.Add(watch.Elapsed.TotalMilliseconds);
        }

        var most = repeats == 1 ? "" : $" (at most {Milliseconds(times.Max())})";
        Say(what, Milliseconds(times.Order().ElementAt(repeats / 2)) + most);
        return result!;
    }

    private static string Memory(int pid)
    {
        var pss = File.ReadLines($"/proc/{pid}/smaps_rollup").First(line => line.StartsWith("Pss:", StringComparison.Ordinal));
        var status = File.ReadAllLines($"/proc/{pid}/status");
        return $"{Megabytes(pss)} PSS, {Megabytes(Line("VmRSS:"))} RSS, {Megabytes(Line("VmHWM:"))} RSS at most";

        string Line(string name) => status.First(line => line.StartsWith(name, StringComparison.Ordinal));
    }

    private static string Megabytes(string line) =>
        $"{int.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024} MB";

    private void Say(string what, string figure) => output.WriteLine($"figure: {s_executions,9} executions, {what,-50} {figure}");
}
