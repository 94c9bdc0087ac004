using Grpc.Core;
using Hephaestus.Protocol;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>Logs of ended executions go by age, number and size.</summary>
public sealed class RetentionTests
{
    [Fact]
    public async Task Of_logs_that_are_too_many_the_oldest_go_and_their_executions_are_known_still()
    {
        await using var home = Home("history.keep_count = 2");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        for (var n = 0; n < 3; n++) await client.RunAsync("set", "plan");
        await client.RunAsync("set", "bad");

        await RemovedLogs.GoneAsync(home, 1);
        await RemovedLogs.GoneAsync(home, 2);
        var kept = await client.GetAsync(3);
        var gone = await client.GetAsync(1);

        Assert.Equal((null, ""), (kept.LogRemoved, kept.LogRemovedWhy));
        Assert.Equal((State.Ok, "history.keep_count = 2"), (gone.State, gone.LogRemovedWhy));
        Assert.Equal((State.Ok, 0), (gone.Steps[0].State, gone.Steps[0].Outcome.ExitCode));
        Assert.True(gone.LogRemoved >= gone.Ended);
        Assert.Equal(new uint[] { 3u, 4u }, await client.PlansAsync());
        var page = await client.Calls.ListExecutionsAsync(new ListExecutionsRequest()).ResponseAsync.DefaultTimeout();
        Assert.Equal([4u, 3u, 2u, 1u], page.Executions.Select(execution => execution.Id));
        Assert.True(Directory.Exists(home.Log(3)) && Directory.Exists(home.Log(4)));
    }

    [Fact]
    public async Task Whoever_asks_for_a_log_that_went_is_told_when_and_why()
    {
        await using var home = Home("history.keep_count = 1");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        await client.RunAsync("set", "plan");
        await client.RunAsync("set", "plan");
        await RemovedLogs.GoneAsync(home, 1);

        var status = await CliProcess.RunAsync(server, "status", "--id", "1");
        var followed = await CliProcess.RunAsync(server, "status", "--id", "1", "--follow");
        var json = await CliProcess.RunAsync(server, "--json", "status", "--id", "1");
        var dump = await CliProcess.RunAsync(server, "dump-history", "--id", "1");
        var old = await Assert.ThrowsAsync<RpcException>(
            () => client.Calls.ShowStatusAsync(new PlanId { Id = 1 }).ResponseAsync.DefaultTimeout());

        Assert.All([status, followed, json, dump], result => Assert.Equal((4, ""), (result.ExitCode, result.Out)));
        Assert.All(
            [status.Err, followed.Err, json.Err, dump.Err, old.Status.Detail],
            said => Assert.Matches(
                @"the log of execution 1 is no longer there: retention removed it at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(history.keep_count = 1\)", said));
        Assert.Equal(StatusCode.NotFound, old.StatusCode);
    }

    [Fact]
    public async Task Logs_older_than_the_days_go_at_the_start()
    {
        await using var home = Home("history.keep_days = 7");
        await using (var first = await home.StartAsync())
        {
            using var before = new ServerClient(first);
            for (var n = 0; n < 3; n++) await before.RunAsync("set", "plan");
            await first.StopAsync();
        }

        Age(home, 1, TimeSpan.FromDays(7.01));
        Age(home, 2, TimeSpan.FromDays(6.99));
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        await RemovedLogs.GoneAsync(home, 1);

        Assert.Equal("history.keep_days = 7", (await client.GetAsync(1)).LogRemovedWhy);
        Assert.Equal(new uint[] { 2u, 3u }, await client.PlansAsync());
    }

    [Fact]
    public async Task Logs_go_until_the_rest_fits_in_the_bytes_also_those_of_before()
    {
        await using var home = Home();
        await using (var first = await home.StartAsync())
        {
            using var before = new ServerClient(first);
            await before.RunAsync("set", "large");
            await before.RunAsync("set", "large");
            await first.StopAsync();
        }

        await File.AppendAllTextAsync(home.Configuration, "history.keep_bytes = 250K\n");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        Assert.Contains("history.keep_bytes = 250K", server.Said);
        await client.RunAsync("set", "large");
        await RemovedLogs.GoneAsync(home, 1);

        Assert.Equal("history.keep_bytes = 250K", (await client.GetAsync(1)).LogRemovedWhy);
        Assert.Equal(new uint[] { 2u, 3u }, await client.PlansAsync());
    }

    [Fact]
    public async Task A_log_that_is_being_read_is_read_to_its_end_and_nobody_else_begins()
    {
        await using var home = Home("history.keep_count = 1");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        await client.RunAsync("set", "huge");
        var log = new ReadLog();
        using var timeout = new CancellationTokenSource(Timeouts.Default);
        using (var call = client.Calls.FollowLog(new FollowLogRequest { Id = 1 }))
        {
            // The rest does not fit in what client and server hold: the reader is in the middle of it.
            Assert.True(await call.ResponseStream.MoveNext(timeout.Token));
            log.Take(call.ResponseStream.Current);
            await client.RunAsync("set", "plan");
            await RemovedLogs.RemovalAsync(home, 1, stage: 0);
            var refused = await Assert.ThrowsAsync<RpcException>(() => client.LogAsync(1));
            Assert.Equal(StatusCode.NotFound, refused.StatusCode);
            Assert.True(Directory.Exists(home.Log(1)));
            while (await call.ResponseStream.MoveNext(timeout.Token)) log.Take(call.ResponseStream.Current);
        }

        Assert.Equal((State.Ok, 40_000_000), (log.End, log.Out(1).Length));
        await RemovedLogs.GoneAsync(home, 1);
    }

    [Fact]
    public async Task Whoever_follows_from_before_events_that_went_is_refused_and_told_from_where_it_goes()
    {
        await using var home = Home("history.keep_count = 1");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var first = await client.RunAsync("set", "plan");
        var second = await client.RunAsync("set", "plan");
        await RemovedLogs.FinishedAsync(home, 1);

        var refused = await Assert.ThrowsAsync<RpcException>(() => UpdatesAsync(client, first.Sequence - 1, 1));
        Assert.Equal(StatusCode.OutOfRange, refused.StatusCode);
        Assert.Contains($"the oldest kept, which is {first.Sequence + 1}; begin with a snapshot", refused.Status.Detail);
        Assert.Equal(first.Sequence + 1, (await UpdatesAsync(client, first.Sequence, 2))[^1].Event.Sequence);
        Assert.Equal(second.Sequence, (await UpdatesAsync(client, second.Sequence, 1))[^1].Heartbeat.Sequence);
    }

    [Fact]
    public async Task An_execution_whose_log_went_can_be_resumed()
    {
        await using var home = Home("history.keep_count = 1");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        await client.RunAsync("set", "bad");
        await client.RunAsync("set", "plan");
        await RemovedLogs.FinishedAsync(home, 1);

        var resumed = await client.Calls.ResumeExecutionAsync(new ResumeExecutionRequest { Id = 1 }).ResponseAsync.DefaultTimeout();
        var ended = await client.EndedAsync(resumed.Id);

        Assert.Equal((1u, State.Nok), (ended.Resumes, ended.State));
        Assert.Equal([State.Ok, State.Nok], ended.Steps.Select(step => step.State));
        Assert.Equal([0u, 1u], ended.Steps.Select(step => step.Attempts));
    }

    [Fact]
    public async Task A_log_goes_only_when_nothing_is_printed_into_it_any_more()
    {
        await using var home = Home("history.keep_count = 1", "log.late_output = 24h");
        using var gate = new Gate(home);
        home.Plan("set", "late", $"<plan id=\"p\"></plan>\n<step name=\"a\">({gate.Wait}; echo late) & echo hello</step>\n");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        await client.RunAsync("set", "late");
        await gate.ArrivedAsync();
        await client.RunAsync("set", "plan");
        await client.RunAsync("set", "plan");
        await RemovedLogs.FinishedAsync(home, 2);
        Assert.Null((await client.GetAsync(1)).LogRemoved);

        gate.Open();

        await RemovedLogs.FinishedAsync(home, 1);
        Assert.Equal([1u, 2u], await RemovedAsync(client));
    }

    [Fact]
    public async Task All_that_are_left_are_dumped_when_others_went()
    {
        await using var home = Home("history.keep_count = 2");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        for (var n = 0; n < 4; n++) await client.RunAsync("set", "plan");
        await RemovedLogs.GoneAsync(home, 2);

        var dumped = await CliProcess.RunAsync(server, "dump-all-history");

        Assert.Equal((0, ""), (dumped.ExitCode, dumped.Err));
        Assert.Equal(2, Directory.GetFiles(home.Dumps).Length);
        Assert.Empty(await client.PlansAsync());
    }

    [Fact]
    public async Task A_log_that_cannot_be_removed_is_told_and_keeps_no_other_from_going()
    {
        await using var home = Home("history.keep_count = 1");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var inTheWay = home.Log(1) + ".removed";
        await File.WriteAllTextAsync(inTheWay, "");
        for (var n = 0; n < 3; n++) await client.RunAsync("set", "plan");

        await RemovedLogs.FinishedAsync(home, 2);
        await server.SaysAsync("Logs that are to go are still there: ");
        Assert.True(Directory.Exists(home.Log(1)));
        File.Delete(inTheWay);
        await client.RunAsync("set", "plan");

        await RemovedLogs.FinishedAsync(home, 1);
        await RemovedLogs.FinishedAsync(home, 3);
        Assert.Equal(["4"], Directory.GetFileSystemEntries(Path.GetDirectoryName(inTheWay)!).Select(Path.GetFileName));
    }

    private static ServerHome Home(params string[] configuration)
    {
        var home = new ServerHome(configuration);
        home.Plan("set", "plan", "<plan id=\"p\"></plan>\n<step name=\"a\">echo hello</step>\n");
        home.Plan("set", "bad", "<plan id=\"p\"></plan>\n<step name=\"a\">echo hello</step>\n<step name=\"b\">exit 3</step>\n");
        home.Plan("set", "large", "<plan id=\"p\"></plan>\n<step name=\"a\">head -c 100000 /dev/zero</step>\n");
        home.Plan("set", "huge", "<plan id=\"p\"></plan>\n<step name=\"a\">yes 1234567 | head -n 5000000</step>\n");
        return home;
    }

    private static async Task<IEnumerable<uint>> RemovedAsync(ServerClient client)
    {
        var page = await client.Calls.ListExecutionsAsync(new ListExecutionsRequest()).ResponseAsync.DefaultTimeout();
        return page.Executions.Where(execution => execution.LogRemoved is not null).Select(execution => execution.Id).Order();
    }

    /// <summary>The first updates after a position; a heartbeat says that the position is known.</summary>
    private static async Task<List<ExecutionUpdate>> UpdatesAsync(ServerClient client, ulong after, int count)
    {
        var updates = new List<ExecutionUpdate>();
        using var timeout = new CancellationTokenSource(Timeouts.Default);
        using var call = client.Calls.WatchExecutions(new WatchExecutionsRequest { AfterSequence = after });
        while (updates.Count < count && await call.ResponseStream.MoveNext(timeout.Token)) updates.Add(call.ResponseStream.Current);
        return updates;
    }

    private static void Age(ServerHome home, uint id, TimeSpan by) => RemovedLogs.Ask(
        home, $"UPDATE executions SET ended = ended - {(long)by.TotalMicroseconds} WHERE id = {id}; SELECT 1");
}
