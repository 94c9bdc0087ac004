using System.Collections.Immutable;
using System.Security.Cryptography;
using Google.Protobuf;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Journal;

/// <summary>
/// Writes groups of entries, each group in one transaction. Ids and sequence numbers are counted here, and step back
/// when a commit fails: nobody has seen them then.
/// </summary>
internal sealed class GroupCommit : IDisposable
{
    /// <summary>So many sequence numbers are reserved at once; a killed server leaves a gap of at most this many.</summary>
    public const int Block = 10_000;

    private readonly JournalConnection _connection;
    private readonly TimeProvider _time;
    private readonly bool _outbox;
    private Numbers _numbers;
    private bool? _full;

    /// <summary>Reads where the numbers stand, and reserves the first block: the file is known to be writable then.</summary>
    /// <param name="outbox">Whether ends of executions are put into the outbox.</param>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">It cannot be read or written.</exception>
    public GroupCommit(JournalConnection connection, TimeProvider time, bool outbox)
    {
        (_connection, _time, _outbox) = (connection, time, outbox);
        var head = connection.Number("SELECT max(pruned, coalesce((SELECT max(sequence) FROM events), 0)) FROM numbers") ?? 0;
        var reserved = Math.Max(head, connection.Number("SELECT reserved FROM numbers") ?? 0);
        var newestId = connection.Number("SELECT seq FROM sqlite_sequence WHERE name = 'executions'") ?? 0;
        _numbers = new Numbers(head, reserved + 1, reserved, checked((uint)newestId));
        Commit([], sync: true);
    }

    /// <summary>The newest committed sequence number; 0: none.</summary>
    public long Head => _numbers.Head;

    /// <summary>
    /// One transaction for all entries. With <paramref name="sync"/>, or when sequence numbers have to be reserved, it
    /// and everything before it is on the disk afterwards, else in the page cache.
    /// </summary>
    /// <returns>Whether it was synced.</returns>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">Nothing of the group was written.</exception>
    public bool Commit(IReadOnlyList<JournalEntry> group, bool sync)
    {
        var before = _numbers;
        try
        {
            return Write(group, sync);
        }
        catch
        {
            _numbers = before;
            RollBack();
            throw;
        }
    }

    /// <summary>Gives unused sequence numbers back, so that an orderly end leaves no gap.</summary>
    public void Release()
    {
        Synchronous(full: true);
        _connection.Run("UPDATE numbers SET reserved = $1, synced = $1", _numbers.Head);
    }

    /// <summary>Writes the WAL back into the journal and empties it, waiting a while for readers that are in it.</summary>
    public void Checkpoint() => _connection.Script("PRAGMA wal_checkpoint(TRUNCATE)");

    public void Dispose() => _connection.Dispose();

    private bool Write(IReadOnlyList<JournalEntry> group, bool sync)
    {
        RollBack();
        var wanted = Math.Max(1, group.Sum(entry => entry.Facts.Length));
        var reserve = _numbers.Next + wanted - 1 > _numbers.Reserved;
        sync |= reserve;
        Synchronous(full: sync);
        _connection.Run("BEGIN IMMEDIATE");
        foreach (var entry in group) Write(entry);
        if (reserve) _numbers = _numbers with { Reserved = _numbers.Next - 1 + Block };
        if (sync) _connection.Run("UPDATE numbers SET reserved = $1, synced = $2", _numbers.Reserved, _numbers.Head);
        CrashPoint.Reach("journal-committing");
        _connection.Run("COMMIT");
        CrashPoint.Reach("journal-committed");
        return sync;
    }

    private void Write(JournalEntry entry)
    {
        if (entry.Change is { } change)
        {
            change(_connection);
            entry.Events = [];
            return;
        }

        var time = entry.Time ?? Micros.Truncate(_time.GetUtcNow());
        if (Owner(entry, time) is not { } owner) return;

        var events = ImmutableArray.CreateBuilder<ExecutionEvent>(entry.Facts.Length);
        for (var i = 0; i < entry.Facts.Length; i++)
        {
            var happened = new ExecutionEvent(_numbers.Next, owner.Id, owner.Set, owner.Plan, time, entry.Facts[i]);
            EventCodec.Complete(entry.Messages[i], happened);
            Insert(happened, entry.Messages[i].ToByteArray());
            Summarise(happened);
            events.Add(happened);
        }

        entry.Events = events.MoveToImmutable();
    }

    /// <summary>The execution that the events belong to; null: the entry is refused, or has been accepted before.</summary>
    private ListedExecution? Owner(JournalEntry entry, DateTimeOffset time)
    {
        if (entry.Accepting is { RequestId: { Length: > 0 } request }
            && _connection.Number("SELECT 1 FROM executions WHERE request_id = $1", request) is not null)
        {
            entry.Events = [];
            return null;
        }

        if (entry.Accepting is { } accepting && _numbers.NewestId < uint.MaxValue) return Insert(accepting, time);
        if (entry.Accepting is null && Find(entry.Execution) is { } known) return known;
        entry.Refusal = new JournalException(entry.Accepting is null
            ? $"the journal has no execution {entry.Execution}"
            : "the journal has given out every id; move it away to start without history");
        return null;
    }

    private ListedExecution? Find(uint id) => _connection.Rows(
        "SELECT set_name, plan FROM executions WHERE id = $1",
        row => new ListedExecution(id, row.GetString(0), row.GetString(1)),
        (long)id).SingleOrDefault();

    private ListedExecution Insert(NewExecution accepting, DateTimeOffset time)
    {
        var id = _numbers.NewestId + 1;
        var (accepted, text) = (accepting.Accepted, accepting.PlanText.ToArray());
        var hash = SHA256.HashData(text);
        _connection.Run("INSERT INTO plan_texts (hash, text) VALUES ($1, $2) ON CONFLICT DO NOTHING", hash, text);
        _connection.Run(
            """
            INSERT INTO executions (id, set_name, plan, tag_id, file, plan_text, instance, boot_id, accepted, state, request_id)
            VALUES ($1, $2, $3, $4, $5, (SELECT id FROM plan_texts WHERE hash = $6), $7, $8, $9, $10, nullif($11, ''))
            """,
            (long)id, accepted.Set, accepted.Plan, accepted.TagId, accepting.File, hash, accepting.Instance,
            accepting.BootId, Micros.ToEpoch(time), (long)State.Queued, accepting.RequestId);
        if (accepting.Call is { } call) AuditLedger.Insert(_connection, call with { Outcome = call.Outcome with { Made = id } });
        _numbers = _numbers with { NewestId = id };
        return new ListedExecution(id, accepted.Set, accepted.Plan);
    }

    private void Insert(ExecutionEvent happened, byte[] payload)
    {
        _connection.Run(
            "INSERT INTO events (sequence, execution, payload) VALUES ($1, $2, $3)",
            happened.Sequence, (long)happened.Execution, payload);
        _numbers = _numbers with { Head = happened.Sequence, Next = happened.Sequence + 1 };
    }

    /// <summary>Keeps what lists show and search by, so that they need no events.</summary>
    private void Summarise(ExecutionEvent happened)
    {
        long id = happened.Execution;
        switch (happened.Fact)
        {
            case ExecutionFact.Started:
                _connection.Run("UPDATE executions SET state = $2 WHERE id = $1", id, (long)State.Running);
                break;
            case ExecutionFact.Ended ended:
                _connection.Run(
                    "UPDATE executions SET state = $2, ended = $3 WHERE id = $1",
                    id, (long)ended.State, Micros.ToEpoch(happened.Time));
                _connection.Run("UPDATE numbers SET kept = kept + 1");
                if (_outbox) _connection.Run("INSERT OR REPLACE INTO outbox (sequence, execution) VALUES ($1, $2)", happened.Sequence, id);
                break;
            case ExecutionFact.Dumped:
                _connection.Run("UPDATE executions SET dumped = 1, listed = 0 WHERE id = $1", id);
                break;
        }
    }

    private void Synchronous(bool full)
    {
        if (_full == full) return;
        _connection.Script(full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
        _full = full;
    }

    private void RollBack()
    {
        if (_connection.InTransaction) _connection.Run("ROLLBACK");
    }

    /// <param name="Head">The newest sequence number in the journal.</param>
    /// <param name="Next">The next one to be given out.</param>
    /// <param name="Reserved">The last one that may be given out without a new reservation.</param>
    /// <param name="NewestId">The newest execution's id, deleted ones included.</param>
    private readonly record struct Numbers(long Head, long Next, long Reserved, uint NewestId);
}
