using Hephaestus.Server.Catalogue;
using Microsoft.Data.Sqlite;

namespace Hephaestus.Server.Journal;

/// <summary>The outbox as one view of the journal sees it.</summary>
internal sealed class OutboxView(JournalConnection connection)
{
    private const string Columns =
        "SELECT sequence, id, set_name, plan, tag_id, state, ended, refused, refused_at FROM outbox JOIN executions ON id = execution";

    /// <summary>How many wait, and how many were set aside.</summary>
    public (long Waiting, long SetAside) Size => (
        connection.Number("SELECT count(*) FROM outbox WHERE refused IS NULL") ?? 0,
        connection.Number("SELECT count(*) FROM outbox WHERE refused IS NOT NULL") ?? 0);

    /// <summary>The oldest that wait after a position, in the order of their events.</summary>
    public IReadOnlyList<OutboxEntry> Waiting(long after, int limit) =>
        connection.Rows($"{Columns} WHERE refused IS NULL AND sequence > $1 ORDER BY sequence LIMIT $2", Row, after, limit);

    /// <summary>The oldest that were set aside after a position, in the order of their events.</summary>
    /// <param name="reach">Only of sets that are among these; null: of all.</param>
    public IReadOnlyList<OutboxEntry> SetAside(long after, int limit, SetGlobs? reach = null) =>
        connection.Rows(
            $"{Columns} WHERE refused IS NOT NULL AND sequence > $1 {Within(reach)} ORDER BY sequence LIMIT $2", Row, after, limit, Sets(reach));

    /// <summary>The oldest of both after a position, in the order of their events.</summary>
    /// <inheritdoc cref="SetAside" path="/param"/>
    public IReadOnlyList<OutboxEntry> All(long after, int limit, SetGlobs? reach = null) =>
        connection.Rows($"{Columns} WHERE sequence > $1 {Within(reach)} ORDER BY sequence LIMIT $2", Row, after, limit, Sets(reach));

    /// <summary>An execution's entry; null: it has none.</summary>
    public OutboxEntry? Find(uint execution) =>
        connection.Rows($"{Columns} WHERE execution = $1", Row, (long)execution).SingleOrDefault();

    private static string Within(SetGlobs? reach) =>
        reach is { IsAll: false } ? "AND set_name IN (SELECT value FROM json_each($3))" : "";

    private string Sets(SetGlobs? reach) => reach is { IsAll: false } ? new KnownSets(connection).Parameter(reach) : "";

    private static OutboxEntry Row(SqliteDataReader row) => new(
        row.GetInt64(0),
        checked((uint)row.GetInt64(1)),
        row.GetString(2),
        row.GetString(3),
        row.GetString(4),
        (State)row.GetInt64(5),
        Micros.FromEpoch(row.GetInt64(6)),
        row.IsDBNull(7) ? null : new OutboxRefusal(row.GetString(7), row.IsDBNull(8) ? null : Micros.FromEpoch(row.GetInt64(8))));
}
