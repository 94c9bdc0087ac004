using Grpc.Core;
using Microsoft.Data.Sqlite;

namespace Hephaestus.Server.Journal;

/// <summary>The audit as one view of the journal sees it.</summary>
internal sealed class AuditView(JournalConnection connection)
{
    /// <summary>Records that one page looks at, so that filters that few pass cost no more than others.</summary>
    private const int MostLookedAt = 10_000;

    /// <summary>A page of records, newest first.</summary>
    public AuditPage Page(AuditQuery query)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        var (page, looked, last) = (new List<PlacedEntry>(), 0, default(AuditPosition));
        using var rows = connection.Query(
            $"""
            SELECT time, sequence, who, origin, call, set_name, plan, execution, request_id, text, status, detail, made, count
            FROM audit INDEXED BY {Search(query)} (time, sequence) < ($1, $2) AND time >= $3
            ORDER BY time DESC, sequence DESC LIMIT $4
            """,
            query.Before?.Time ?? long.MaxValue, query.Before?.Sequence ?? long.MaxValue,
            query.Since is { } since ? Micros.ToEpoch(since) : long.MinValue, (long)MostLookedAt, query.Set, query.Who);
        while (page.Count <= query.Limit && rows.Read())
        {
            looked++;
            last = new AuditPosition(rows.GetInt64(0), rows.GetInt64(1));
            if (Row(rows) is var entry && query.Passes(entry)) page.Add(new PlacedEntry(last, entry));
        }

        // One more than wanted tells whether there is another page.
        return page.Count > query.Limit
            ? new AuditPage(page[..query.Limit], page[query.Limit - 1].Position)
            : new AuditPage(page, looked == MostLookedAt ? last : null);
    }

    /// <summary>When, in µs, the oldest call came; null: there is none.</summary>
    public long? Oldest => connection.Number("SELECT min(time) FROM audit");

    /// <summary>When, in µs, the oldest came of the newest so many refused calls; null: there are not more.</summary>
    public long? OldestOfNewestRefused(long count) => connection.Number(
        "SELECT time FROM audit INDEXED BY audit_refused WHERE status <> 0 ORDER BY time DESC LIMIT 1 OFFSET $1", count - 1);

    /// <summary>The index that fits best, and its condition; what else is asked for is looked at row by row.</summary>
    private static string Search(AuditQuery query) => query switch
    {
        { Set.Length: > 0 } => "audit_by_set WHERE set_name = $5 AND",
        { Who.Length: > 0 } => "audit_by_who WHERE who = $6 AND",
        { RefusedOnly: true } => "audit_refused WHERE status <> 0 AND",
        _ => "audit_by_time WHERE",
    };

    private static AuditEntry Row(SqliteDataReader row) => new(
        Micros.FromEpoch(row.GetInt64(0)),
        row.GetString(2),
        row.GetString(3),
        row.GetString(4),
        new AuditSubject(row.GetString(5), row.GetString(6), checked((uint)row.GetInt64(7)), row.GetString(8), row.GetString(9)),
        new AuditOutcome((StatusCode)row.GetInt64(10), row.GetString(11), checked((uint)row.GetInt64(12)), row.GetInt64(13)));
}
