using Grpc.Core;
using Grpc.Net.Client;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Access;

/// <summary>A server with the plans and executions that the matrix asks for.</summary>
internal sealed class MatrixStage : IAsyncDisposable
{
    private readonly Gate _gate;

    private MatrixStage(RuledServer server)
    {
        Server = server;
        _gate = new Gate(server.Home);
    }

    public RuledServer Server { get; }

    /// <param name="settings">Of the server, beside the rules.</param>
    public static async Task<MatrixStage> BeginAsync(string[] settings, string[] rules)
    {
        var stage = new MatrixStage(await RuledServer.StartAsync(settings, rules));
        await stage.PlayAsync();
        return stage;
    }

    /// <summary>What is otherwise than in the table when this caller makes all calls.</summary>
    /// <param name="column">The number of its column.</param>
    public async Task<IReadOnlyList<string>> FaultsOfAsync(string kind, int column, GrpcChannel channel)
    {
        var (calls, who) = (new MatrixCalls(channel), $"{kind}, {MatrixTable.Columns[column].Name}");
        var refused = MatrixTable.Rows.Where(row => row.Expected[column] is "U" or "P").ToArray();
        var before = State();
        var faults = await ComparedAsync(refused);
        if (before != State())
        {
            faults.Add($"{who}: refused calls changed {before} to {State()}");
        }

        faults.AddRange(Unrecorded(kind, column, refused).Select(call => $"{who}: the audit does not tell that {call} was refused"));
        faults.AddRange(await ComparedAsync(MatrixTable.Rows.Except(refused)));
        if (MatrixTable.Columns[column].Value is not null && faults.Count == 0)
        {
            var expected = MatrixTable.Columns[column].Sees;
            faults.AddRange((await calls.SeenAsync(Last(expected))).Where(seen => !seen.Value.SequenceEqual(Of(seen.Key, expected)))
                .Select(seen => $"{who}: {seen.Key} shows {string.Join(' ', seen.Value)}"));
        }

        return faults;

        async Task<List<string>> ComparedAsync(IEnumerable<(string Call, string[] Expected)> rows)
        {
            var otherwise = new List<string>();
            foreach (var (call, expected) in rows)
            {
                if (await calls.TryAsync(call) is var came && came != expected[column])
                {
                    otherwise.Add($"{who}: {call}: {expected[column]} was expected, {came} came");
                }
            }

            return otherwise;
        }
    }

    /// <summary>Refused calls of which the audit does not tell, each by its name and its letter of the table.</summary>
    private IEnumerable<string> Unrecorded(string kind, int column, IEnumerable<(string Call, string[] Expected)> refused)
    {
        // Users and groups are told by the names that the system has for them.
        var who = kind is "token" or "cert" ? $"{kind}:{MatrixTable.Columns[column].Name}" : kind == "anonymous" ? kind : null;
        return from call in refused.Select(row => (Name: row.Call.Split(' ')[0], Letter: row.Expected[column])).Distinct()
               let status = call.Letter == "U" ? StatusCode.Unauthenticated : StatusCode.PermissionDenied
               where who is not null && RemovedLogs.Ask(
                   Server.Home, $"SELECT count(*) FROM audit WHERE who = '{who}' AND call = '{call.Name}' AND status = {(int)status}") == 0
               select $"{call.Name} {call.Letter}";
    }

    private ulong Last(string[] sets) => (ulong)RemovedLogs.Ask(
        Server.Home,
        $"SELECT ifnull(max(sequence), 0) FROM events JOIN executions ON id = execution WHERE set_name IN ('{string.Join("', '", sets)}')");

    public async ValueTask DisposeAsync()
    {
        _gate.Dispose();
        await Server.DisposeAsync();
    }

    /// <summary>What a list shows to somebody who may see these sets: only an execution of web-main runs, and dumps take some off a list.</summary>
    private IEnumerable<string> Of(string list, string[] sets) => list switch
    {
        "Drain" => sets.Where(set => set == "web-main"),
        "ShowPlans" => sets.Where(set => RemovedLogs.Ask(Server.Home, $"SELECT count(*) FROM executions WHERE listed = 1 AND set_name = '{set}'") > 0),
        _ => sets,
    };

    /// <summary>What no refused call may change: the journal, and whether executions are taken.</summary>
    private (long Head, long Executions, long Dumped, bool Takes) State()
    {
        using var channel = Server.Local();
        var health = new Protocol.Standard.HealthV1.Health.HealthClient(channel).Check(new() { Service = "hephaestus.Hephaestus/Execute" });
        return (
            RemovedLogs.Ask(Server.Home, "SELECT max(sequence) FROM events"),
            RemovedLogs.Ask(Server.Home, "SELECT count(*) FROM executions"),
            RemovedLogs.Ask(Server.Home, "SELECT count(*) FROM executions WHERE dumped <> 0"),
            health.Status == Protocol.Standard.HealthV1.HealthCheckResponse.Types.ServingStatus.Serving);
    }

    private async Task PlayAsync()
    {
        const string plan = "<plan id=\"p\"></plan>\n<step name=\"a\">{0}</step>\n";
        foreach (var (set, name, command) in new[]
        {
            ("web-main", "ok", "echo here"), ("db-main", "ok", "echo there"), ("web-main", "bad", "false"), ("web-main", "gated", _gate.Wait),
        })
        {
            Server.Home.Plan(set, name, string.Format(null, plan, command));
        }

        using var client = new ServerClient(Server.Local());
        await client.KnowsAsync("web-main", "gated");
        Assert.Equal(1u, (await client.RunAsync("web-main", "ok")).Id);
        Assert.Equal(2u, (await client.RunAsync("db-main", "ok")).Id);
        Assert.Equal(3u, await client.ExecuteAsync("web-main", "gated"));
        await _gate.ArrivedAsync();
        Assert.Equal(4u, (await client.RunAsync("web-main", "bad")).Id);
    }
}
