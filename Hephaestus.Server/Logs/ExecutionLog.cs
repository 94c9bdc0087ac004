using System.Collections.Immutable;
using System.Text;
using Hephaestus.Server.Facts;
using Hephaestus.Server.Supervision;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Logs;

/// <summary>
/// The one writer of an execution's index, and of its remarks. Whatever <see cref="Head"/> says is in the files before
/// it is said, and on the disk where that is asked for. Thread-safe.
/// </summary>
internal sealed class ExecutionLog : IDisposable
{
    private readonly Lock _gate = new();
    private readonly LogIndex _index;
    private readonly SafeFileHandle _remarks;
    private readonly string _directory;
    private readonly Dictionary<LogSource, SourceEnd> _ends;
    private readonly Dictionary<LogSource, string> _files;
    private readonly HashSet<LogSource> _pumped = [];
    private readonly HashSet<LogSource> _unsynced;
    private readonly LogOwner _owner;

    /// <summary>One brings it to the disk at a time; who comes meanwhile finds that done.</summary>
    private readonly Lock _syncing = new();

    /// <summary>What is in the files; ahead of <see cref="Head"/> until that is on the disk.</summary>
    private LogHead _written;
    private bool _disposed;

    /// <summary>Records that were on the disk after the last sync; what an earlier server wrote is not known to be.</summary>
    private long _synced;
    private bool _remarked;
    private bool _named;

    internal ExecutionLog(uint execution, RecoveredLog found, LogOwner owner)
    {
        Execution = execution;
        _directory = found.Directory;
        _index = found.Index;
        _remarks = found.Remarks;
        (_ends, _files) = (found.Ends, found.Outputs);
        _owner = owner;

        // An earlier server may have ended before it synced them.
        _unsynced = [.. _ends.Keys.Where(_files.ContainsKey)];
        (_remarked, _named) = (found.RemarkBytes > 0, _unsynced.Count > 0);
        RemarkBytes = found.RemarkBytes;
        _synced = _index.Records == 0 ? 0 : -1;
        _written = new LogHead(_index.Records, found.Lines, [], false);
        Head = new Latest<LogHead>(_written);
    }

    public uint Execution { get; }

    /// <summary>How far the log has come, as readers see it.</summary>
    public Latest<LogHead> Head { get; }

    /// <summary>Readers see only what is on the disk.</summary>
    public bool ShowsSynced => _owner.Publication is not null;

    /// <summary>Bytes of the remarks file that the index covers; whoever owns the events appends what is missing.</summary>
    public long RemarkBytes { get; private set; }

    /// <summary>Appends one or more lines of Hephaestus's own; a newline ends them.</summary>
    /// <exception cref="IOException">There is no space; nothing was appended, the same call may be made again.</exception>
    public void AppendRemark(DateTimeOffset time, string text, bool error)
    {
        var bytes = Encoding.UTF8.GetBytes(text + '\n');
        lock (_gate)
        {
            EnsureRoom(1);
            LogWrite.At(_remarks, LogStore.RemarksIn(_directory), bytes, RemarkBytes);
            CrashPoint.Reach("remark-written");
            var end = RemarkBytes + bytes.Length;
            var source = error ? LogSource.ErrorRemark : LogSource.Remark;
            Append(new Piece(source, RemarkBytes, end, RemarkBytes, bytes.Count((byte)'\n'), end, RecordFlags.None, time, false));
            RemarkBytes = end;
            _remarked = true;
        }
    }

    /// <summary>The execution has ended: followers that have everything end. Late output may still be appended.</summary>
    public void Complete()
    {
        lock (_gate)
        {
            _index.GiveBack();
            Show(_written with { Complete = true });
        }
    }

    /// <summary>
    /// Brings to the disk what was written since the last call: output first, then what the index says of it. Then readers
    /// see it, if they did not before.
    /// </summary>
    /// <exception cref="IOException">The disk failed; the next call tries again.</exception>
    public void Sync()
    {
        lock (_syncing)
        {
            var unsynced = Unsynced();
            foreach (var (_, file, _) in unsynced.Outputs)
            {
                Libc.SyncData(file);
            }

            if (unsynced.Remarks > 0)
            {
                Libc.SyncData(_remarks, LogStore.RemarksIn(_directory));
            }

            if (unsynced.Records)
            {
                Libc.SyncData(_index.File, LogStore.IndexIn(_directory));
            }

            if (unsynced.Names)
            {
                Libc.Sync(_directory);
            }

            Settle(unsynced);
        }
    }

    /// <summary>The same, for whoever tries again by himself: why it failed; null: it is done, or the log was closed meanwhile.</summary>
    public string? TrySync()
    {
        try
        {
            Sync();
            return null;
        }
        catch (ObjectDisposedException)
        {
            return null;
        }
        catch (IOException fault)
        {
            return fault.Message;
        }
    }

    /// <summary>
    /// Closes the files. Readers are not disturbed; they see no more than there is. Once the execution has ended, a line that
    /// nobody can end any more, since its attempt was lost and never pumped again, is ended here.
    /// </summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            EndLostLines();
            _index.GiveBack();
        }

        // Where that fails nobody is left who would try again, and readers must not wait for ever.
        if (ShowsSynced || _unsynced.Count > 0)
        {
            TrySync();
        }

        lock (_gate)
        {
            Head.Set(_written);
            _index.Dispose();
            _remarks.Dispose();
        }

        _owner.Closed(this);
    }

    /// <summary>Where a source goes on; from now on it is known by its file.</summary>
    internal SourceEnd Adopt(LogFile file)
    {
        lock (_gate)
        {
            _files[file.Source] = file.Path;
            _pumped.Add(file.Source);
            return _ends.GetValueOrDefault(file.Source);
        }
    }

    /// <summary>
    /// Makes sure that <paramref name="more"/> records and, beyond them, two of each output (its piece, and the end of its
    /// last line) will find space.
    /// </summary>
    /// <exception cref="IOException">There is no space.</exception>
    internal void EnsureRoom(int more)
    {
        lock (_gate)
        {
            _index.EnsureRoom(more + (2 * _pumped.Count));
        }
    }

    /// <summary>Writes a piece's record, gives its lines their numbers, and publishes.</summary>
    /// <exception cref="IOException">There is no space; nothing changed.</exception>
    internal void Append(in Piece piece)
    {
        lock (_gate)
        {
            var head = _written;
            var previous = _ends.GetValueOrDefault(piece.Source).LastLine;
            _index.Append(piece.Record(head.Lines + 1, previous));
            CrashPoint.Reach("pump-indexed");
            var record = _index.Records;
            _ends[piece.Source] = new SourceEnd(piece.End, piece.NextLineStart, piece.Lines > 0 ? record : previous);
            if (!piece.Source.IsRemark)
            {
                _named |= piece.Start == 0;
                _unsynced.Add(piece.Source);
            }

            Show(head with
            {
                Records = record,
                Lines = head.Lines + piece.Lines,
                Unfinished = Shown(head.Unfinished, piece.Source, piece.Tail),
            });
        }
    }

    /// <summary>Shows followers a line that has been unfinished for long.</summary>
    internal void Show(UnfinishedTail tail)
    {
        lock (_gate)
        {
            Show(_written with { Unfinished = Shown(_written.Unfinished, tail.Source, tail) });
        }
    }

    /// <summary>Of each source the newest record in which a line ends, from 1.</summary>
    internal Dictionary<LogSource, long> LastLines()
    {
        lock (_gate)
        {
            return _ends.ToDictionary(end => end.Key, end => end.Value.LastLine);
        }
    }

    private void EndLostLines()
    {
        if (!_written.Complete)
        {
            return;
        }

        foreach (var (source, end) in _ends.Where(end => !end.Key.IsRemark && !_pumped.Contains(end.Key)).ToArray())
        {
            if (end.LineStart < end.Length)
            {
                var (at, now) = (end.Length, _owner.Clock.GetUtcNow());
                TryAppend(new Piece(source, at, at, end.LineStart, 1, at, RecordFlags.CompletesLine, now, false));
            }
        }
    }

    private void TryAppend(in Piece piece)
    {
        try
        {
            Append(piece);
        }
        catch (IOException)
        {
            // No space, not even what was taken ahead: the bytes are in their file, only the view by line lacks them.
        }
    }

    private void Show(LogHead written)
    {
        _written = written;
        if (_owner.Publication is { } publication)
        {
            publication.Ask(this);
        }
        else
        {
            Head.Set(written);
        }
    }

    private Unsynced Unsynced()
    {
        lock (_gate)
        {
            var outputs = _unsynced.Select(source => (source, _files[source], _ends[source].Length));
            return new Unsynced(_written, [.. outputs], _remarked ? RemarkBytes : 0, _written.Records != _synced, _named);
        }
    }

    private void Settle(Unsynced done)
    {
        lock (_gate)
        {
            _synced = done.Head.Records;
            _unsynced.ExceptWith(done.Outputs.Where(each => _ends[each.Source].Length == each.Length).Select(each => each.Source));
            _remarked &= RemarkBytes != done.Remarks;
            _named &= !done.Names || _written.Records != done.Head.Records;
            if (_owner.Publication is not null && Head.Value != done.Head)
            {
                Head.Set(done.Head);
            }
        }
    }

    private static ImmutableArray<UnfinishedTail> Shown(
        ImmutableArray<UnfinishedTail> tails, LogSource source, UnfinishedTail? tail)
    {
        if (tails.IsEmpty && tail is null)
        {
            return tails;
        }

        var others = tails.RemoveAll(each => each.Source == source);
        return tail is null ? others : others.Add(tail);
    }
}

/// <summary>Whose log it is.</summary>
/// <param name="Closed">Is told when it is closed.</param>
/// <param name="Publication">Shows readers what is on the disk; null: they see what is written.</param>
internal sealed record LogOwner(TimeProvider Clock, Action<ExecutionLog> Closed, LogPublication? Publication);
