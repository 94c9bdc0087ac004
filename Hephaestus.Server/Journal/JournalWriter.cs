using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Hephaestus.Server.Facts;

namespace Hephaestus.Server.Journal;

/// <summary>
/// The one writer: takes all that waits, commits it as a group, publishes the head, tells the callers. It is whoever comes
/// when nobody writes, for one group; a thread of the pool goes on with what has come meanwhile. (To hand every entry to
/// another thread would wake two threads for each.) What cannot be written for reasons that may pass is tried again until it
/// can be or the journal is closed.
/// </summary>
internal sealed class JournalWriter : IAsyncDisposable
{
    /// <summary>Entries that may wait; whoever comes then waits for a place.</summary>
    public const int Waiting = 1024;

    /// <summary>What was committed unsynced is synced at most this much later.</summary>
    public static readonly TimeSpan SyncAfter = TimeSpan.FromSeconds(1);

    /// <summary>The WAL's size is looked at after so many groups.</summary>
    private const int GroupsUnbounded = 16;

    private static readonly TimeSpan s_shortestPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(5);

    /// <summary>A null is no entry: it wakes the writer for a sync.</summary>
    private readonly Channel<JournalEntry?> _entries = Channel.CreateBounded<JournalEntry?>(
        new BoundedChannelOptions(Waiting));

    private readonly GroupCommit _commit;
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly HistorySync _policy;
    private readonly ITimer _syncTimer;
    private readonly CancellationTokenSource _closing = new();
    private readonly SemaphoreSlim _turn = new(1);
    private long _walLimit = JournalFile.WalBytes;
    private int _unbounded;
    private bool _unsynced;
    private volatile bool _syncDue;

    public JournalWriter(GroupCommit commit, string path, TimeProvider time, HistorySync policy)
    {
        (_commit, _path, _time, _policy) = (commit, path, time, policy);
        Head = new Latest<long>(commit.Head);
        _syncTimer = time.CreateTimer(_ => AskForSync(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The newest committed sequence number.</summary>
    public Latest<long> Head { get; }

    /// <summary>Why nothing can be written at present; null: all is well.</summary>
    public Latest<string?> Trouble { get; } = new(null);

    /// <summary>Queues an entry, in the order of the calls, and writes it if nobody else does.</summary>
    /// <exception cref="ObjectDisposedException">The journal is closed.</exception>
    public async ValueTask AddAsync(JournalEntry entry)
    {
        try
        {
            await _entries.Writer.WriteAsync(entry);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(nameof(ExecutionJournal));
        }

        _ = LeadAsync();
    }

    /// <summary>Writes what waits (once more, if it is in trouble), syncs, and closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        _entries.Writer.TryComplete();
        await _closing.CancelAsync();
        await _syncTimer.DisposeAsync();
        await _turn.WaitAsync();
        while (await WriteNextAsync())
        {
        }

        try
        {
            _commit.Release();
        }
        catch (SqliteException)
        {
            // The reservation stays: the next start leaves a gap in the numbers, as after a kill.
        }

        _commit.Dispose();
        _closing.Dispose();
        _turn.Dispose();
    }

    /// <summary>Writes one group, unless somebody does so already: that one sees to it that what has come since is written.</summary>
    private async Task LeadAsync()
    {
        if (!_turn.Wait(0))
        {
            return;
        }

        try
        {
            await WriteNextAsync();
        }
        finally
        {
            _turn.Release();
        }

        if (_entries.Reader.TryPeek(out _))
        {
            _ = Task.Run(LeadAsync);
        }
    }

    /// <summary>False: nothing waits.</summary>
    private async ValueTask<bool> WriteNextAsync()
    {
        var (group, any) = (new List<JournalEntry>(), false);
        while (group.Count < Waiting && _entries.Reader.TryRead(out var entry))
        {
            any = true;
            if (entry is not null) group.Add(entry);
        }

        if (group.Count > 0 || (any && _unsynced)) await WriteAsync(group);
        return any;
    }

    private async Task WriteAsync(List<JournalEntry> group)
    {
        for (var pause = s_shortestPause; ; pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause)
        {
            if (Try(group) is not { } trouble) break;
            if (Trouble.Value != trouble.Message) Trouble.Set(trouble.Message);
            if (_closing.IsCancellationRequested)
            {
                foreach (var entry in group) entry.Fail(trouble);
                return;
            }

            // Nothing tells when a disk has space again.
            await Task.Delay(pause, _time, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        BoundWal();
    }

    /// <summary>Null: the group is done with, committed or refused for good.</summary>
    private JournalException? Try(List<JournalEntry> group)
    {
        try
        {
            Commit(group);
        }
        catch (SqliteException error) when (JournalException.MayPass(error))
        {
            return JournalException.From(error, _path);
        }
        catch (Exception error)
        {
            // Nothing of it can be written, however often it is tried: those who wait for it have to know.
            foreach (var entry in group) entry.Fail(JournalException.From(error, _path));
        }

        return null;
    }

    private void Commit(List<JournalEntry> group)
    {
        var sync = _syncDue || _policy == HistorySync.Full || group.Exists(entry => entry.NeedsSync);
        Synced(_commit.Commit(group, sync));
        if (Trouble.Value is not null) Trouble.Set(null);
        if (_commit.Head != Head.Value) Head.Set(_commit.Head);
        foreach (var entry in group) entry.Complete();
    }

    private void Synced(bool synced)
    {
        if (synced) _syncDue = false;
        if (_unsynced == !synced) return;
        _unsynced = !synced;
        _syncTimer.Change(synced ? Timeout.InfiniteTimeSpan : SyncAfter, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Where the queue is full, the next group does it.</summary>
    private void AskForSync()
    {
        _syncDue = true;
        _entries.Writer.TryWrite(null);
        _ = LeadAsync();
    }

    /// <summary>If readers keep it from emptying the WAL within its time, it tries again after as much again.</summary>
    private void BoundWal()
    {
        // A group is small beside what the WAL may hold, and to ask for its size costs as much as to write one.
        if (++_unbounded < GroupsUnbounded) return;
        _unbounded = 0;
        if (WalBytes() <= _walLimit) return;
        try
        {
            _commit.Checkpoint();
        }
        catch (SqliteException error) when (JournalException.MayPass(error))
        {
            // The WAL keeps what could not be written back; if the disk is in trouble, the commits say so.
        }

        _walLimit = WalBytes() + JournalFile.WalBytes;
    }

    private long WalBytes() => new FileInfo(_path + "-wal") is { Exists: true } wal ? wal.Length : 0;
}
