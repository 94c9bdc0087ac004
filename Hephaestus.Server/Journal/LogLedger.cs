using System.Collections.Immutable;
using Hephaestus.Server.Executions;

namespace Hephaestus.Server.Journal;

/// <summary>
/// Writes down which logs are kept. A log goes in three commits: that it will (from then on nobody begins to read it), that
/// its directory is gone, and with that, or after it, that its events are. Each may be repeated.
/// </summary>
internal sealed class LogLedger(ExecutionJournal journal, Func<JournalEntry, Task> write)
{
    /// <summary>Events that one commit removes: others wait for it.</summary>
    private const int MostEvents = 1000;

    /// <summary>Reads of one state of the journal.</summary>
    public T Read<T>(Func<KeptLogs, T> read) => journal.Snapshot(view => read(view.Logs));

    /// <summary>The sizes of logs that nothing is added to any more.</summary>
    public Task MeasuredAsync(IReadOnlyCollection<(uint Execution, long Bytes)> sizes, CancellationToken cancellation) =>
        write(new JournalEntry(connection => Measured(connection, sizes))).WaitAsync(cancellation);

    /// <summary>
    /// Decides that logs go, on the disk when it returns: they are listed no more, their executions are kept as they stand.
    /// One to which something was added meanwhile is passed over.
    /// </summary>
    /// <param name="logs">Of executions that have ended, with the rules by which they go.</param>
    /// <returns>Those that go.</returns>
    public async Task<ImmutableArray<uint>> RemoveAsync(IReadOnlyCollection<(uint Execution, string Why)> logs, DateTimeOffset now, CancellationToken cancellation)
    {
        var removals = logs.Select(log => (journal.StateOf(log.Execution), log.Why)).ToArray();
        var removed = new List<uint>();
        await write(new JournalEntry(
            connection =>
            {
                removed.Clear();
                foreach (var (state, why) in removals)
                {
                    if (state is not null && Remove(connection, state, new LogRemoval(now, why))) removed.Add(state.Id);
                }
            },
            sync: true)).WaitAsync(cancellation);
        return [.. removed];
    }

    /// <summary>The directories of logs that were to go are gone: their events go too, in bounded commits.</summary>
    public async Task FinishAsync(IReadOnlyCollection<uint> executions, CancellationToken cancellation)
    {
        for (var left = new List<uint>(executions); left.Count > 0;)
        {
            var finished = 0;
            await write(new JournalEntry(connection => finished = Prune(connection, left))).WaitAsync(cancellation);
            left.RemoveRange(0, finished);
        }
    }

    private static void Measured(JournalConnection connection, IEnumerable<(uint Execution, long Bytes)> sizes)
    {
        foreach (var (execution, bytes) in sizes)
        {
            var changed = connection.Run(
                "UPDATE executions SET log_bytes = $2 WHERE id = $1 AND log_kept = 1 AND log_bytes IS NULL", (long)execution, bytes);
            if (changed > 0) connection.Run("UPDATE numbers SET kept_bytes = kept_bytes + $1", bytes);
        }
    }

    private static bool Remove(JournalConnection connection, ExecutionState state, LogRemoval removal)
    {
        long id = state.Id;
        if (!state.HasEnded || connection.Number("SELECT max(sequence) FROM events WHERE execution = $1", id) != state.Sequence) return false;
        connection.Run(
            """
            UPDATE numbers SET (kept, kept_bytes) =
              (SELECT kept - 1, kept_bytes - coalesce(log_bytes, 0) FROM executions WHERE id = $1 AND log_kept = 1)
            WHERE EXISTS (SELECT 1 FROM executions WHERE id = $1 AND log_kept = 1)
            """,
            id);
        connection.Run("UPDATE executions SET log_kept = 0, listed = 0 WHERE id = $1", id);
        return connection.Run(
            "INSERT INTO removed_logs (execution, stage, at, why, through, summary) VALUES ($1, 0, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            id, Micros.ToEpoch(removal.At), removal.Why, state.Sequence, Summary.Of(state)) > 0;
    }

    /// <summary>How many of the first are done with.</summary>
    private static int Prune(JournalConnection connection, List<uint> executions)
    {
        var (finished, room) = (0, MostEvents);
        foreach (long id in executions)
        {
            connection.Run("UPDATE numbers SET pruned = max(pruned, (SELECT through FROM removed_logs WHERE execution = $1))", id);
            var pruned = connection.Run(
                """
                DELETE FROM events WHERE sequence IN (
                  SELECT sequence FROM events WHERE execution = $1 AND sequence <= (SELECT through FROM removed_logs WHERE execution = $1)
                  ORDER BY sequence LIMIT $2)
                """,
                id, room);
            room -= pruned;
            connection.Run("UPDATE removed_logs SET stage = $2 WHERE execution = $1", id, room > 0 ? 2L : 1L);
            if (room <= 0) return finished;
            finished++;
        }

        return finished;
    }
}
