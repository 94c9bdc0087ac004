using Hephaestus.Server.Facts;

namespace Hephaestus.Server.Journal;

/// <summary>
/// What waits to be told to Hermes, and what Hermes refused for good and was set aside. It lies in the journal, so that
/// neither a restart nor an outage loses any. An execution has one entry at most.
/// </summary>
internal sealed class Outbox(ExecutionJournal journal, Func<JournalEntry, Task> write)
{
    /// <summary>Entries that one commit lets wait again: others wait for it.</summary>
    private const int MostAgain = 1000;

    /// <summary>Counts how often entries that were set aside were made to wait again.</summary>
    public Latest<int> Renewed { get; } = new(0);

    /// <summary>The oldest that wait after a position, in the order of their events.</summary>
    public IReadOnlyList<OutboxEntry> Waiting(long after, int limit) => journal.Snapshot(view => view.Outbox.Waiting(after, limit));

    /// <summary>It was told; it is taken out.</summary>
    public Task ToldAsync(OutboxEntry entry) =>
        write(new JournalEntry(connection => connection.Run("DELETE FROM outbox WHERE sequence = $1", entry.Sequence)));

    /// <summary>It was refused for good: it is set aside until somebody wants it to be sent again.</summary>
    public Task RefusedAsync(OutboxEntry entry, string reason, DateTimeOffset now) => write(new JournalEntry(
        connection => connection.Run(
            "UPDATE outbox SET refused = $2, refused_at = $3 WHERE sequence = $1", entry.Sequence, reason, Micros.ToEpoch(now))));

    /// <summary>What was set aside waits again, in its old place; gives how many do.</summary>
    /// <param name="executions">Null: all.</param>
    public async Task<int> AgainAsync(IReadOnlyCollection<uint>? executions)
    {
        var count = 0;
        if (executions is not null)
        {
            foreach (var each in executions.Distinct().Chunk(MostAgain)) count += await AgainAsync(each);
        }
        else
        {
            for (var after = 0L; journal.Snapshot(view => view.Outbox.SetAside(after, MostAgain)) is { Count: > 0 } page; after = page[^1].Sequence)
            {
                count += await AgainAsync([.. page.Select(entry => entry.Execution)]);
            }
        }

        Renewed.Set(Renewed.Value + 1);
        return count;
    }

    private async Task<int> AgainAsync(uint[] executions)
    {
        var changed = 0;
        await write(new JournalEntry(
            connection => changed = executions.Sum(id => connection.Run(
                "UPDATE outbox SET refused = NULL, refused_at = NULL WHERE execution = $1 AND refused IS NOT NULL", (long)id)),
            sync: true));
        return changed;
    }
}

/// <summary>An execution's end that is to be told.</summary>
/// <param name="Sequence">Of the event.</param>
/// <param name="Ended">When that was.</param>
/// <param name="Refusal">Why it was set aside, and when; null: it waits.</param>
internal sealed record OutboxEntry(
    long Sequence, uint Execution, string Set, string Plan, string TagId, State State, DateTimeOffset Ended, OutboxRefusal? Refusal);

/// <summary>What Hermes said to an entry.</summary>
/// <param name="At">Null: an older program wrote it down, without the time.</param>
internal sealed record OutboxRefusal(string Reason, DateTimeOffset? At);
