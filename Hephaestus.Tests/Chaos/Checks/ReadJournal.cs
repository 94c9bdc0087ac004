using Hephaestus.Protocol;
using Microsoft.Data.Sqlite;

namespace Hephaestus.Tests.Chaos.Checks;

/// <summary>A journal as a stopped server left it, read as any other program would.</summary>
internal sealed class ReadJournal
{
    public required string Integrity { get; init; }

    /// <summary>All events, by sequence number.</summary>
    public required IReadOnlyList<ExecutionEvent> Events { get; init; }

    /// <summary>Id and state of all executions.</summary>
    public required IReadOnlyDictionary<uint, State> States { get; init; }

    /// <summary>Number of executions by request id.</summary>
    public required IReadOnlyDictionary<string, uint> Requests { get; init; }

    public static ReadJournal Open(string file)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        return new ReadJournal
        {
            Integrity = string.Join("; ", Ask(connection, "PRAGMA integrity_check", row => row.GetString(0))),
            Events = Ask(connection, "SELECT sequence, execution, payload FROM events ORDER BY sequence", Event),
            States = Ask(connection, "SELECT id, state FROM executions", row => (Id: (uint)row.GetInt64(0), State: (State)row.GetInt64(1)))
                .ToDictionary(row => row.Id, row => row.State),
            Requests = Ask(connection, "SELECT request_id, id FROM executions", row => (Request: row.GetString(0), Id: (uint)row.GetInt64(1)))
                .ToDictionary(row => row.Request, row => row.Id),
        };
    }

    private static ExecutionEvent Event(SqliteDataReader row)
    {
        var happened = ExecutionEvent.Parser.ParseFrom((byte[])row[2]);
        Assert.Equal(((ulong)row.GetInt64(0), (uint)row.GetInt64(1)), (happened.Sequence, happened.Id));
        return happened;
    }

    private static List<T> Ask<T>(SqliteConnection connection, string question, Func<SqliteDataReader, T> read)
    {
        using var command = connection.CreateCommand();
        command.CommandText = question;
        using var rows = command.ExecuteReader();
        var answers = new List<T>();
        while (rows.Read())
        {
            answers.Add(read(rows));
        }

        return answers;
    }
}
