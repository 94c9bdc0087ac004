using Hephaestus.Server.Executions;

namespace Hephaestus.Server.Journal;

/// <summary>Which logs of ended executions are kept, and what became of the others, as one view of the journal sees it.</summary>
internal sealed class KeptLogs(JournalConnection connection)
{
    /// <summary>How many are kept, and their bytes as far as they were measured. Kept up to date, not counted.</summary>
    public (long Count, long Bytes) Total => connection.Rows(
        "SELECT kept, kept_bytes FROM numbers", row => (row.GetInt64(0), row.GetInt64(1))).Single();

    /// <summary>Those that ended first and come after another one; of several that ended at one time the lower ids first.</summary>
    /// <param name="after">Null: from the first.</param>
    public IReadOnlyList<KeptLog> Oldest(KeptLog? after, int limit) => connection.Rows(
        """
        SELECT id, ended, log_bytes FROM executions INDEXED BY executions_kept
        WHERE ended IS NOT NULL AND log_kept = 1 AND (ended, id) > ($1, $2) ORDER BY ended, id LIMIT $3
        """,
        row => new KeptLog(checked((uint)row.GetInt64(0)), Micros.FromEpoch(row.GetInt64(1)), row.IsDBNull(2) ? null : row.GetInt64(2)),
        after is null ? long.MinValue : Micros.ToEpoch(after.Ended), after?.Execution ?? 0L, limit);

    /// <summary>Executions after an id, ascending, that have ended and whose logs were not measured.</summary>
    public IReadOnlyList<uint> Unmeasured(uint after, int limit) => connection.Rows(
        """
        SELECT id FROM executions INDEXED BY executions_unmeasured
        WHERE ended IS NOT NULL AND log_kept = 1 AND log_bytes IS NULL AND id > $1 ORDER BY id LIMIT $2
        """,
        row => checked((uint)row.GetInt64(0)),
        (long)after, limit);

    /// <summary>Executions after an id, ascending, whose log is to go and has not gone with all that belongs to it.</summary>
    public IReadOnlyList<uint> Unfinished(uint after, int limit) => connection.Rows(
        """
        SELECT execution FROM removed_logs INDEXED BY removed_logs_unfinished
        WHERE stage < 2 AND execution > $1 ORDER BY execution LIMIT $2
        """,
        row => checked((uint)row.GetInt64(0)),
        (long)after, limit);

    /// <summary>The state of an execution whose log was removed, as it was then.</summary>
    public ExecutionState? Summary(uint execution) => connection.Rows(
        "SELECT summary, at, why FROM removed_logs WHERE execution = $1",
        row => Journal.Summary.Read(
            row.GetFieldValue<byte[]>(0), new LogRemoval(Micros.FromEpoch(row.GetInt64(1)), row.GetString(2))),
        (long)execution).SingleOrDefault();

    /// <summary>The newest of an execution's events that were pruned; 0: none.</summary>
    public long PrunedOf(uint execution) =>
        connection.Number("SELECT through FROM removed_logs WHERE execution = $1 AND stage > 0", (long)execution) ?? 0;
}

/// <summary>The log of an ended execution.</summary>
/// <param name="Bytes">Null: not measured.</param>
internal sealed record KeptLog(uint Execution, DateTimeOffset Ended, long? Bytes);
