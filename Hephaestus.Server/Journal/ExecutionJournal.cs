using System.Collections.Immutable;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Facts;
using Microsoft.Data.Sqlite;

namespace Hephaestus.Server.Journal;

/// <summary>
/// What happened, in one SQLite file: executions and their events, in the order in which they were committed. What it
/// has told survives a kill; accepted executions and their ends survive a power loss as well. Safe for many threads.
/// </summary>
internal sealed class ExecutionJournal : IAsyncDisposable
{
    private readonly JournalWriter _writer;
    private readonly JournalReaders _readers;
    private int _disposed;

    private ExecutionJournal(JournalWriter writer, JournalReaders readers, bool created, bool syncsEach)
    {
        (_writer, _readers, Created, SyncsEach) = (writer, readers, created, syncsEach);
        Outbox = new Outbox(this, entry => WriteAsync(entry));
    }

    /// <summary>Every commit is on the disk before it is told.</summary>
    public bool SyncsEach { get; }

    /// <summary>There was no journal before: ids start at 1.</summary>
    public bool Created { get; }

    /// <summary>The newest committed sequence number; 0: none. Never ahead of what a read that starts now sees.</summary>
    public Latest<long> Head => _writer.Head;

    /// <summary>One line that says why nothing can be written at present; null: all is well.</summary>
    public Latest<string?> Trouble => _writer.Trouble;

    /// <inheritdoc cref="JournalView.OldestSequence"/>
    public long OldestSequence => Snapshot(view => view.OldestSequence);

    /// <summary>The outbox: ends of executions that are to be told to Hermes.</summary>
    public Outbox Outbox { get; }

    /// <summary>Which logs are kept.</summary>
    public LogLedger Logs => new(this, entry => WriteAsync(entry));

    /// <summary>Who called what.</summary>
    public AuditLedger Audit => new(this, entry => WriteAsync(entry));

    /// <summary>Opens the journal, or makes a new one (mode 0600) where no file is. One journal of a file in a process.</summary>
    /// <param name="outbox">Whether ends of executions are put into the outbox.</param>
    /// <exception cref="JournalException">It is none, damaged, newer than this program, locked, or not to be written.</exception>
    public static ExecutionJournal Open(string path, TimeProvider time, HistorySync policy = HistorySync.Normal, bool outbox = false)
    {
        var (connection, created) = JournalFile.Open(path);
        try
        {
            var writer = new JournalWriter(new GroupCommit(connection, time, outbox), path, time, policy);
            return new ExecutionJournal(writer, new JournalReaders(path), created, policy == HistorySync.Full);
        }
        catch (SqliteException error)
        {
            connection.Dispose();
            throw JournalException.From(error, path);
        }
    }

    /// <summary>
    /// Accepts an execution under a new id, which the events carry; ids are never given out twice. Completes when it is
    /// on the disk; while the disk refuses (see <see cref="Trouble"/>) it waits. No events: one was accepted for the same
    /// request's id before.
    /// </summary>
    /// <exception cref="ArgumentException">A fact that has no wire form; see <see cref="EventCodec"/>.</exception>
    /// <exception cref="JournalException">It could not be written for good, or not before the journal was closed.</exception>
    /// <exception cref="ObjectDisposedException">The journal is closed.</exception>
    public Task<ImmutableArray<ExecutionEvent>> AcceptAsync(NewExecution execution) => WriteAsync(new JournalEntry(execution));

    /// <summary>
    /// Adds events to an execution, all or none, in the order of the calls, and gives them back with their numbers.
    /// Completes when they are committed and <see cref="Head"/> is set; while the disk refuses it waits.
    /// </summary>
    /// <param name="time">When it happened, kept in µs; null: now.</param>
    /// <inheritdoc cref="AcceptAsync" path="/exception"/>
    public Task<ImmutableArray<ExecutionEvent>> AppendAsync(
        uint execution, ImmutableArray<ExecutionFact> facts, DateTimeOffset? time = null) =>
        WriteAsync(new JournalEntry(execution, facts, time));

    /// <summary>Several reads that see one state of the journal. They have to be short.</summary>
    /// <exception cref="JournalException">The file cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The journal is closed.</exception>
    public T Snapshot<T>(Func<JournalView, T> read) => _readers.Read(read);

    /// <inheritdoc cref="JournalView.IsKnown"/>
    public bool IsKnown(long sequence, EventFilter? filter = null) => Snapshot(view => view.IsKnown(sequence, filter));

    /// <inheritdoc cref="JournalView.EventsAfter"/>
    public EventPage EventsAfter(long sequence, int limit, EventFilter filter) =>
        Snapshot(view => view.EventsAfter(sequence, limit, filter));

    /// <inheritdoc cref="JournalView.EventsOf(uint)"/>
    public IReadOnlyList<ExecutionEvent> EventsOf(uint execution) => Snapshot(view => view.EventsOf(execution));

    /// <inheritdoc cref="JournalView.StateOf(uint)"/>
    public ExecutionState? StateOf(uint id) => Snapshot(view => view.StateOf(id));

    /// <inheritdoc cref="JournalView.Find"/>
    public ExecutionRow? Find(uint id) => Snapshot(view => view.Find(id));

    /// <inheritdoc cref="JournalView.FindRequest"/>
    public uint? FindRequest(string requestId) => Snapshot(view => view.FindRequest(requestId));

    /// <inheritdoc cref="JournalView.PlanText"/>
    public ReadOnlyMemory<byte>? PlanText(uint id) => Snapshot(view => view.PlanText(id));

    /// <inheritdoc cref="JournalView.Unfinished"/>
    public IReadOnlyList<ExecutionRow> Unfinished() => Snapshot(view => view.Unfinished());

    /// <inheritdoc cref="JournalView.Page"/>
    public IReadOnlyList<ExecutionRow> Page(ExecutionQuery query) => Snapshot(view => view.Page(query));

    /// <inheritdoc cref="JournalView.ListedAfter"/>
    public IReadOnlyList<ListedExecution> ListedAfter(uint id, int limit) => Snapshot(view => view.ListedAfter(id, limit));

    /// <summary>Writes what waits, syncs and closes. Nothing may read any more.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        _readers.Dispose();
        await _writer.DisposeAsync();
    }

    private async Task<ImmutableArray<ExecutionEvent>> WriteAsync(JournalEntry entry)
    {
        await _writer.AddAsync(entry);
        return await entry.Committed;
    }
}
