namespace Hephaestus.Server.Journal;

/// <summary>What waits to be told to Hermes. It lies in the journal, so that neither a restart nor an outage loses any.</summary>
internal sealed class Outbox(ExecutionJournal journal, Func<JournalEntry, Task> write)
{
    /// <summary>The oldest that wait after a position, in the order of their events.</summary>
    public IReadOnlyList<OutboxEntry> Waiting(long after, int limit) => journal.Snapshot(view => view.Waiting(after, limit));

    /// <summary>How many wait, and how many were refused and set aside.</summary>
    public (long Waiting, long Refused) Size => journal.Snapshot(view => view.OutboxSize);

    /// <summary>It was told; it is taken out.</summary>
    public Task ToldAsync(OutboxEntry entry) =>
        write(new JournalEntry(connection => connection.Run("DELETE FROM outbox WHERE sequence = $1", entry.Sequence)));

    /// <summary>It was refused for good: it is set aside, with the reason.</summary>
    public Task RefusedAsync(OutboxEntry entry, string reason) => write(new JournalEntry(
        connection => connection.Run("UPDATE outbox SET refused = $2 WHERE sequence = $1", entry.Sequence, reason)));

    /// <summary>What was set aside waits again.</summary>
    public Task AgainAsync() =>
        write(new JournalEntry(connection => connection.Run("UPDATE outbox SET refused = NULL WHERE refused IS NOT NULL")));
}

/// <summary>An execution's end that is to be told.</summary>
/// <param name="Sequence">Of the event.</param>
internal sealed record OutboxEntry(long Sequence, uint Execution, string Set, string TagId, State State);
