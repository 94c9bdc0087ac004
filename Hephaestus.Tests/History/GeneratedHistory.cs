using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Journal;
using Hephaestus.Server.Plans;
using Microsoft.Data.Sqlite;
using Outcome = Hephaestus.Server.Executions.Outcome;

namespace Hephaestus.Tests.History;

/// <summary>
/// A journal of ended executions, as a server wrote it before there was retention: through the schema of that time and the
/// real events. One a minute, the newest now; every 100,000th is of a set, a plan and a state that only those have.
/// </summary>
internal static class GeneratedHistory
{
    public const string RareSet = "rare set";
    public const string RarePlan = "rare plan";

    /// <summary>The schema that it is written in.</summary>
    private const int Version = 3;

    private const int EventsOfOne = 6;
    private const int RareEach = 100_000;

    private static readonly byte[] s_text = Encoding.UTF8.GetBytes("<plan id=\"p\"></plan>\n<step name=\"one\">true</step>\n");

    /// <summary>Whose execution it is, and how it ended.</summary>
    public static (string Set, string Plan, State State) Of(int id) => id % RareEach == 1
        ? (RareSet, RarePlan, State.Lost)
        : ($"set {id % 20}", $"plan {id % 1000}", (id % 10) switch { 3 => State.Nok, 7 => State.Failed, _ => State.Ok });

    /// <summary>Writes a file that is not there yet.</summary>
    public static void Write(string file, int executions)
    {
        File.WriteAllBytes(file, []);
        using var connection = new JournalConnection(file, SqliteOpenMode.ReadWrite);
        connection.Script("PRAGMA journal_mode = OFF");
        connection.Script("PRAGMA synchronous = OFF");
        connection.Script("PRAGMA cache_size = -400000");
        foreach (var script in Schema.Scripts[..Version]) connection.Script(script);
        connection.Script($"PRAGMA application_id = {Schema.ApplicationId}");
        connection.Script($"PRAGMA user_version = {Version}");
        connection.Run("BEGIN");
        connection.Run("INSERT INTO plan_texts (id, hash, text) VALUES (1, $1, $2)", SHA256.HashData(s_text), s_text);
        var start = Micros.Truncate(DateTimeOffset.UtcNow.AddMinutes(-executions));
        for (var id = 1; id <= executions; id++) Write(connection, id, start.AddMinutes(id - 1));
        connection.Run("UPDATE numbers SET reserved = $1, synced = $1", (long)executions * EventsOfOne);
        connection.Run("COMMIT");
    }

    private static void Write(JournalConnection connection, int id, DateTimeOffset time)
    {
        var (set, plan, state) = Of(id);
        connection.Run(
            """
            INSERT INTO executions (id, set_name, plan, tag_id, file, plan_text, instance, boot_id, accepted, state, ended, request_id)
            VALUES ($1, $2, $3, 'p', $4, 1, $5, 'an earlier boot', $6, $7, $8, $9)
            """,
            (long)id, set, plan, $"/plans/{set}/{plan}.conf", $"{id:x32}", Micros.ToEpoch(time), (long)state,
            Micros.ToEpoch(time.AddSeconds(1)), $"{id:x32}");
        var sequence = (long)(id - 1) * EventsOfOne;
        foreach (var fact in Facts(set, plan, state, time))
        {
            sequence++;
            var happened = new ExecutionEvent(sequence, (uint)id, set, plan, time.AddSeconds(fact is ExecutionFact.Ended ? 1 : 0), fact);
            connection.Run(
                "INSERT INTO events (sequence, execution, payload) VALUES ($1, $2, $3)",
                sequence, (long)id, EventCodec.ToMessage(happened).ToByteArray());
        }
    }

    private static ExecutionFact[] Facts(string set, string plan, State state, DateTimeOffset time) =>
    [
        new ExecutionFact.Accepted(set, plan, "p", [new StepOutline(1, StepKind.Step, "one", "Does it", 0)], []),
        new ExecutionFact.Started(),
        new ExecutionFact.StepStarting(1, 1),
        new ExecutionFact.StepStarted(1, 1, 4711),
        new ExecutionFact.StepEnded(1, 1, new Outcome(state, Cause.Exited, state == State.Ok ? 0 : 1, null, ""), 100, 0, time.AddSeconds(1)),
        new ExecutionFact.Ended(state),
    ];
}
