namespace Hephaestus.Server.Journal;

/// <summary>Writes the audit, and forgets what is old.</summary>
internal sealed class AuditLedger(ExecutionJournal journal, Func<JournalEntry, Task> write)
{
    /// <summary>
    /// Records of refused calls that are kept: whoever calls in vain, again and again, must not fill the disk. About 300 MB.
    /// </summary>
    public const long MostRefused = 1_000_000;

    /// <summary>Records that one commit removes: others wait for it.</summary>
    private const int MostRemoved = 1000;

    /// <summary>Adds records, all or none; completes when they are committed. While the disk refuses it waits.</summary>
    /// <exception cref="JournalException">They could not be written for good, or not before the journal was closed.</exception>
    /// <exception cref="ObjectDisposedException">The journal is closed.</exception>
    public Task AddAsync(params IReadOnlyCollection<AuditEntry> entries) => write(new JournalEntry(connection =>
    {
        foreach (var entry in entries) Insert(connection, entry);
    }));

    /// <summary>Removes, in bounded commits, what is older than a time, and of refused calls all but the newest.</summary>
    /// <param name="mostRefused">How many of those are kept.</param>
    public async Task PruneAsync(DateTimeOffset before, CancellationToken cancellation, long mostRefused = MostRefused)
    {
        if (journal.Snapshot(view => view.Audit.Oldest) < Micros.ToEpoch(before))
        {
            await RemoveAsync("INDEXED BY audit_by_time WHERE time < $1", Micros.ToEpoch(before), cancellation);
        }

        if (journal.Snapshot(view => view.Audit.OldestOfNewestRefused(mostRefused)) is { } oldest)
        {
            await RemoveAsync("INDEXED BY audit_refused WHERE status <> 0 AND time < $1", oldest, cancellation);
        }
    }

    /// <summary>Within a transaction. A call that names an execution is about that one's plan.</summary>
    public static void Insert(JournalConnection connection, AuditEntry entry)
    {
        var (subject, outcome) = (entry.Subject, entry.Outcome);
        connection.Run(
            """
            INSERT INTO audit (time, who, origin, call, set_name, plan, execution, request_id, text, status, detail, made, count)
            VALUES ($1, $2, $3, $4,
              coalesce((SELECT set_name FROM executions WHERE id = $7), $5), coalesce((SELECT plan FROM executions WHERE id = $7), $6),
              $7, $8, $9, $10, $11, $12, $13)
            """,
            Micros.ToEpoch(entry.Time), entry.Who, entry.Origin, entry.Call, subject.Set, subject.Plan, (long)subject.Execution,
            subject.RequestId, subject.Text, (long)outcome.Status, outcome.Detail, (long)outcome.Made, outcome.Count);
    }

    private async Task RemoveAsync(string which, long before, CancellationToken cancellation)
    {
        var sql = $"DELETE FROM audit WHERE sequence IN (SELECT sequence FROM audit {which} ORDER BY time LIMIT $2)";
        var removed = 0;
        do
        {
            await write(new JournalEntry(connection => removed = connection.Run(sql, before, (long)MostRemoved))).WaitAsync(cancellation);
        }
        while (removed == MostRemoved);
    }
}
