using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Hephaestus.Protocol;
using Hephaestus.Tests.EndToEnd;
using Empty = Hephaestus.Protocol.Empty;

namespace Hephaestus.Tests.Audit;

/// <summary>What calls leave in the audit of the built server.</summary>
public sealed class AuditTests
{
    private const string Secret = "s3cret-value";

    /// <summary>Calls that change nothing; each new call has to be put here, or into the table of the test below.</summary>
    private static readonly string[] s_reading =
    [
        "ListPlanSets", "ListPlans", "ListPlan", "ShowPlans", "ShowStatus", "WatchCatalogue", "WatchExecutions", "FollowLog", "GetExecution",
        "ListExecutions", "CheckPlan", "ListHermes", "ListAudit",
    ];

    [Fact]
    public async Task Each_changing_call_leaves_its_record_accepted_or_refused()
    {
        await using var home = Home("hermes.enable = yes", "hermes.grpc.address = http://127.0.0.1:1", "hermes.table = t");
        using var gate = new Gate(home);
        home.Plan("set", "waits", $"<plan id=\"p\" overlap=\"skip\"></plan>\n<step name=\"a\">{gate.Wait}</step>\n");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        using var local = new LocalClient(home);
        var calls = local.Calls;
        var wish = new PlanArg { Set = "set", Plan = "ok", RequestId = "r1", Parameters = { ["A"] = Secret } };

        await Answered(calls.ExecuteAsync(wish));
        await Answered(calls.ExecuteAsync(wish));
        await client.EndedAsync(1);
        await Refused(calls.ExecuteAsync(new PlanArg { Set = "set", Plan = "none" }));
        await Refused(calls.ExecuteAsync(new PlanArg { Set = "../set", Plan = "ok" }));
        await Refused(calls.ExecuteAsync(new PlanArg { Set = "set", Plan = "broken" }));
        await Refused(calls.ExecuteAsync(new PlanArg { Set = "set", Plan = "ok", Parameters = { ["B"] = Secret, ["A"] = Secret } }));
        await Answered(calls.ExecuteAsync(new PlanArg { Set = "set", Plan = "waits" }));
        await Refused(calls.ExecuteAsync(new PlanArg { Set = "set", Plan = "waits" }));
        await Refused(calls.DumpHistAsync(new PlanId { Id = 2, Set = "other", Plan = "other" }));
        await Answered(calls.CancelExecutionAsync(new CancelExecutionRequest { Id = 2, Reason = "no longer\nneeded" }));
        await client.EndedAsync(2);
        await Refused(calls.CancelExecutionAsync(new CancelExecutionRequest { Id = 2 }));
        await Refused(calls.CancelExecutionAsync(new CancelExecutionRequest { Id = 99 }));
        await Answered(calls.ResumeExecutionAsync(new ResumeExecutionRequest { Id = 2, CheckOnly = true }));
        await Answered(calls.ResumeExecutionAsync(new ResumeExecutionRequest { Id = 2, RequestId = "r2" }));
        await Answered(calls.ResumeExecutionAsync(new ResumeExecutionRequest { Id = 2, RequestId = "r2" }));
        await Refused(calls.ResumeExecutionAsync(new ResumeExecutionRequest { Id = 1 }));
        await Answered(calls.DumpHistAsync(new PlanId { Id = 1 }));
        await Refused(calls.DumpHistAsync(new PlanId { Id = 99 }));
        await Answered(calls.DumpHistAllAsync(new Empty()));
        await Answered(calls.SendHermesAgainAsync(new SendHermesAgainRequest()));
        await Refused(calls.SendHermesAgainAsync(new SendHermesAgainRequest { Ids = { 1, 2 } }));
        await DrainAsync(calls, new DrainRequest { Look = true });
        await LocalClient.RefusedAsync(DrainAsync(calls, new DrainRequest { Look = true, Undo = true }));
        await DrainAsync(calls, new DrainRequest { NoWait = true });
        await Refused(calls.ExecuteAsync(new PlanArg { Set = "set", Plan = "ok" }));
        await DrainAsync(calls, new DrainRequest { Undo = true });
        await Refused(calls.GetExecutionAsync(new GetExecutionRequest { Id = 99 }));

        var records = await local.AuditAsync();
        Assert.Equal(
            [
                "Execute set/ok 0 r1 [parameters A] OK 1 []",
                "Execute set/ok 0 r1 [parameters A] OK 1 [answered as before: it is the same request]",
                "Execute set/none 0  [] NOT_FOUND 0 [there is no plan 'none' in the set 'set']",
                "Execute ../set/ok 0  [] INVALID_ARGUMENT 0 [the name of the set, \"../set\", must not begin with a dot]",
                $"Execute set/broken 0  [] FAILED_PRECONDITION 0 [{home.Plans}/set/broken.conf:1:1: …]",
                "Execute set/ok 0  [parameters A, B] INVALID_ARGUMENT 0 [the plan has no parameter \"B\"; it has A]",
                "Execute set/waits 0  [] OK 2 []",
                "Execute set/waits 0  [] ALREADY_EXISTS 0 [the plan runs already, as execution 2, and its overlap is \"skip\"]",
                "DumpHist set/waits 2  [] FAILED_PRECONDITION 0 [execution 2 has not ended; it can be dumped when it has, or cancelled]",
                "CancelExecution set/waits 2  [no longer…] OK 0 []",
                "CancelExecution set/waits 2  [] FAILED_PRECONDITION 0 [execution 2 has ended: Cancelled]",
                "CancelExecution / 99  [] NOT_FOUND 0 [there is no execution with the id 99]",
                "ResumeExecution set/waits 2 r2 [] OK 3 []",
                "ResumeExecution set/waits 2 r2 [] OK 3 [answered as before: it is the same request]",
                "ResumeExecution set/ok 1  [] FAILED_PRECONDITION 0 [execution 1 ended OK: there is nothing to resume]",
                "DumpHist set/ok 1  [] OK 0 []",
                "DumpHist / 99  [] NOT_FOUND 0 [there is no execution with the id 99]",
                "DumpHistAll / 0  [] OK 0 []",
                "SendHermesAgain / 0  [all] OK 0 []",
                "SendHermesAgain / 0  [executions 1, 2] NOT_FOUND 0 [the end of execution 1 was not set aside: it has been told, waits to be, or has not come]",
                "Drain / 0  [undo] INVALID_ARGUMENT 0 [undo takes executions again and look changes nothing: set one of them]",
                "Drain / 0  [] OK 0 []",
                "Execute set/ok 0  [] UNAVAILABLE 0 [the server drains: it takes no executions until it is restarted, or somebody says hephaestus-cli drain --undo]",
                "Drain / 0  [undo] OK 0 []",
            ],
            records.Select(Line));
        Assert.All(records, record => Assert.Matches("^(anonymous|uid:.+)$", record.Who));
        Assert.All(records, record => Assert.StartsWith("the local socket", record.Origin, StringComparison.Ordinal));
        Assert.Equal(records.Select(record => record.Time.ToDateTimeOffset()).Order(), records.Select(record => record.Time.ToDateTimeOffset()));
        Assert.DoesNotContain(Secret, string.Join('\n', records), StringComparison.Ordinal);
        Assert.Equal(
            Protocol.Hephaestus.Descriptor.Methods.Select(method => method.Name).Except(s_reading).Order(),
            records.Select(record => record.Call).Distinct().Order());
        gate.Open();
        await client.EndedAsync(3);
    }

    [Fact]
    public async Task Executions_say_who_started_resumed_and_cancelled_them()
    {
        await using var home = Home();
        using var gate = new Gate(home);
        home.Plan("set", "waits", $"<plan id=\"p\"></plan>\n<step name=\"a\">{gate.Wait}</step>\n");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        using var local = new LocalClient(home);
        await client.ExecuteAsync("set", "waits");
        await local.Calls.CancelExecutionAsync(new CancelExecutionRequest { Id = 1 }).ResponseAsync.DefaultTimeout();
        await client.EndedAsync(1);
        var resumed = await local.Calls.ResumeExecutionAsync(new ResumeExecutionRequest { Id = 1 }).ResponseAsync.DefaultTimeout();

        var first = await client.GetAsync(1);
        Assert.Equal("127.0.0.1", first.StartedBy);
        Assert.Contains("the local socket", first.CancelledBy, StringComparison.Ordinal);
        Assert.Equal(first.CancelledBy, resumed.StartedBy);
        var remarks = (await client.WhenLogAsync(resumed.Id, log => log.Remarks.Length > 0)).Remarks;
        Assert.Equal(
            $"----> Plan 'set/waits' accepted, 1 step, started by {resumed.StartedBy}; resumes execution 1 from its first step", remarks[0]);
        Assert.Contains("\"started_by\": \"127.0.0.1\"", (await CliProcess.RunAsync(server, "plans", "--json")).Out, StringComparison.Ordinal);
        gate.Open(2);
        await client.EndedAsync(resumed.Id);
    }

    [Fact]
    public async Task A_flood_of_refusals_is_counted_and_hides_nothing_over_a_restart()
    {
        await using var home = Home();
        await using (var server = await home.StartAsync())
        {
            using var client = new ServerClient(server);
            foreach (var some in Enumerable.Range(0, 1244).Chunk(100))
            {
                await Task.WhenAll(some.Select(number => LocalClient.RefusedAsync(client.ExecuteAsync("set", $"none{number}"))));
            }

            await client.EndedAsync(await client.ExecuteAsync("set", "ok"));
            await LocalClient.RefusedAsync(client.CancelAsync(1));
            await server.StopAsync();
        }

        await using var again = await home.StartAsync();
        using var local = new LocalClient(home);
        var records = await local.AuditAsync();
        var refused = records.Where(record => record is { Call: "Execute", Status: "NOT_FOUND" }).ToArray();

        // A slow machine may have needed more than one minute, each of which has ten of its own.
        Assert.True(refused.Length is >= 11 and < 111, $"{refused.Length}");
        Assert.Equal(1244, refused.Sum(record => (long)record.Count));
        Assert.Contains(refused, record => record is { Count: > 1, Set: "", Plan: "" });
        Assert.All(refused, record => Assert.Equal(("anonymous", "127.0.0.1"), (record.Who, record.Origin)));
        Assert.Single(records, record => record is { Call: "Execute", Status: "OK", Made: 1 });
        Assert.Single(records, record => record is { Call: "CancelExecution", Status: "FAILED_PRECONDITION" });
    }

    [Theory]
    [InlineData("journal-committing:2")]
    [InlineData("journal-committed:2")]
    [InlineData("accepted")]
    public async Task However_a_server_dies_no_execution_is_without_who_started_it(string point)
    {
        await using var home = Home();
        await using var survivor = await Survivor.StartAsync(home, point);

        await survivor.DieAsync(client => client.ExecuteAsync("set", "ok"));

        await using var next = await home.StartAsync();
        using var client = new ServerClient(next);
        using var local = new LocalClient(home);
        var records = await local.AuditAsync();
        var expected = point == "journal-committing:2" ? Array.Empty<uint>() : [1u];
        Assert.Equal(expected, await client.PlansAsync());
        Assert.Equal(expected, records.Select(record => record.Made));
        foreach (var id in expected)
        {
            Assert.Equal("127.0.0.1", (await client.EndedAsync(id)).StartedBy);
        }
    }

    [Fact]
    public async Task Records_are_kept_for_the_days_that_the_configuration_says()
    {
        await using var home = Home("audit.keep_days = 3");
        await using (var server = await home.StartAsync())
        {
            using var client = new ServerClient(server);
            for (var number = 0; number < 3; number++) await client.RunAsync("set", "ok");
            await server.StopAsync();
        }

        var day = (long)TimeSpan.FromDays(1).TotalMicroseconds;
        RemovedLogs.Ask(home, $"UPDATE audit SET time = time - 4 * {day} WHERE made = 1; UPDATE audit SET time = time - 2 * {day} WHERE made = 2; SELECT 1");
        await using var again = await home.StartAsync();
        Assert.Contains("audit.keep_days = 3", again.Said);
        await RemovedLogs.UntilAsync(home, "SELECT count(*) FROM audit WHERE made = 1", 0);
        using var local = new LocalClient(home);

        Assert.Equal([2u, 3u], (await local.AuditAsync()).Select(record => record.Made));
        var since = Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow.AddDays(-1));
        Assert.Equal([3u], (await local.AuditAsync(new ListAuditRequest { Since = since })).Select(record => record.Made));
    }

    [Fact]
    public async Task Whoever_proves_nothing_is_recorded_as_unknown_whatever_was_called()
    {
        await using var home = Home();
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        using var local = new LocalClient(home);
        var wrong = new Metadata { { "authorization", $"Bearer somebody.{Secret}" } };

        var read = await LocalClient.RefusedAsync(client.Calls.ListPlansAsync(new PlanSetArg { Name = "set" }, wrong).ResponseAsync);
        await LocalClient.RefusedAsync(client.Calls.WatchCatalogue(new WatchCatalogueRequest(), wrong).ResponseStream.MoveNext());
        await LocalClient.RefusedAsync(client.Calls.ExecuteAsync(new PlanArg { Set = "set", Plan = "ok" }, wrong).ResponseAsync);

        Assert.Equal(StatusCode.Unauthenticated, read.StatusCode);
        var records = await local.AuditAsync(new ListAuditRequest { RefusedOnly = true });
        Assert.Equal(
            [
                $"ListPlans set/ 0  [] UNAUTHENTICATED 0 [{read.Detail}]",
                $"WatchCatalogue / 0  [] UNAUTHENTICATED 0 [{read.Detail}]",
                $"Execute set/ok 0  [] UNAUTHENTICATED 0 [{read.Detail}]",
            ],
            records.Select(Line));
        Assert.All(records, record => Assert.Equal(("unknown", "127.0.0.1"), (record.Who, record.Origin)));
        Assert.DoesNotContain(Secret, string.Join('\n', records), StringComparison.Ordinal);
        Assert.Empty(await client.PlansAsync());
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("1.")]
    [InlineData("1.2.3")]
    public async Task A_page_that_does_not_exist_is_refused(string token)
    {
        await using var home = Home();
        await using var server = await home.StartAsync();
        using var local = new LocalClient(home);

        var refusal = await LocalClient.RefusedAsync(local.Calls.ListAuditAsync(new ListAuditRequest { PageToken = token }).ResponseAsync);
        var time = await LocalClient.RefusedAsync(
            local.Calls.ListAuditAsync(new ListAuditRequest { Since = new Timestamp { Seconds = long.MaxValue } }).ResponseAsync);

        Assert.Equal((StatusCode.InvalidArgument, StatusCode.InvalidArgument), (refusal.StatusCode, time.StatusCode));
        Assert.Empty(await local.AuditAsync());
    }

    private static ServerHome Home(params string[] configuration)
    {
        var home = new ServerHome(configuration);
        home.Plan("set", "ok", "<plan id=\"p\" params=\"A\"></plan>\n<step name=\"a\">true</step>\n");
        home.Plan("set", "broken", "nonsense\n");
        return home;
    }

    private static Task<T> Answered<T>(AsyncUnaryCall<T> call) => call.ResponseAsync.DefaultTimeout();

    private static Task<Status> Refused<T>(AsyncUnaryCall<T> call) => LocalClient.RefusedAsync(call.ResponseAsync);

    private static async Task DrainAsync(Protocol.Hephaestus.HephaestusClient calls, DrainRequest request)
    {
        request.NoWait = true;
        using var call = calls.Drain(request);
        while (await call.ResponseStream.MoveNext().DefaultTimeout())
        {
        }
    }

    /// <summary>Without what differs from run to run, and the mistakes of a plan.</summary>
    private static string Line(AuditRecord record)
    {
        var detail = record.Detail.Contains(".conf:1:1: ", StringComparison.Ordinal) ? record.Detail.Split(":1:1: ")[0] + ":1:1: …" : record.Detail;
        return $"{record.Call} {record.Set}/{record.Plan} {record.Id} {record.RequestId} [{record.Text}] {record.Status} {record.Made} [{detail}]";
    }
}
