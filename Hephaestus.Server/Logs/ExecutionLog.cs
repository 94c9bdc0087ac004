using System.Collections.Immutable;
using System.Text;
using Hephaestus.Server.Facts;
using Hephaestus.Server.Supervision;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Logs;

/// <summary>
/// The one writer of an execution's index, and of its remarks. Whatever <see cref="Head"/> says is in the files before
/// it is said. Thread-safe.
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
    private readonly TimeProvider _clock;
    private readonly Action<ExecutionLog> _closed;
    private bool _disposed;

    /// <summary>Records that were on the disk after the last sync; what an earlier server wrote is not known to be.</summary>
    private long _synced = -1;

    internal ExecutionLog(uint execution, RecoveredLog found, TimeProvider clock, Action<ExecutionLog> closed)
    {
        Execution = execution;
        _directory = found.Directory;
        _index = found.Index;
        _remarks = found.Remarks;
        (_ends, _files) = (found.Ends, found.Outputs);

        // An earlier server may have ended before it synced them.
        _unsynced = [.. _ends.Keys.Where(_files.ContainsKey)];
        (_clock, _closed) = (clock, closed);
        RemarkBytes = found.RemarkBytes;
        Head = new Latest<LogHead>(new LogHead(_index.Records, found.Lines, [], false));
    }

    public uint Execution { get; }

    /// <summary>How far the log has come.</summary>
    public Latest<LogHead> Head { get; }

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
        }
    }

    /// <summary>The execution has ended: followers that have everything end. Late output may still be appended.</summary>
    public void Complete()
    {
        lock (_gate)
        {
            _index.GiveBack();
            Head.Set(Head.Value with { Complete = true });
        }
    }

    /// <summary>Brings to the disk what was written since the last call: output first, then what the index says of it.</summary>
    /// <exception cref="IOException">The disk failed; the next call tries again.</exception>
    public void Sync()
    {
        var records = Head.Value.Records;
        if (records == Volatile.Read(ref _synced))
        {
            return;
        }

        var unsynced = Unsynced();
        foreach (var (_, file, _) in unsynced)
        {
            Libc.Sync(file);
        }

        RandomAccess.FlushToDisk(_remarks);
        RandomAccess.FlushToDisk(_index.File);
        Libc.Sync(_directory);
        Volatile.Write(ref _synced, records);
        lock (_gate)
        {
            _unsynced.ExceptWith(unsynced.Where(each => _ends[each.Source].Length == each.Length).Select(each => each.Source));
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
            _index.Dispose();
            _remarks.Dispose();
        }

        _closed(this);
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
            var head = Head.Value;
            var previous = _ends.GetValueOrDefault(piece.Source).LastLine;
            _index.Append(piece.Record(head.Lines + 1, previous));
            CrashPoint.Reach("pump-indexed");
            var record = _index.Records;
            _ends[piece.Source] = new SourceEnd(piece.End, piece.NextLineStart, piece.Lines > 0 ? record : previous);
            if (!piece.Source.IsRemark)
            {
                _unsynced.Add(piece.Source);
            }

            Head.Set(head with
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
            var head = Head.Value;
            Head.Set(head with { Unfinished = Shown(head.Unfinished, tail.Source, tail) });
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
        if (!Head.Value.Complete)
        {
            return;
        }

        foreach (var (source, end) in _ends.Where(end => !end.Key.IsRemark && !_pumped.Contains(end.Key)).ToArray())
        {
            if (end.LineStart < end.Length)
            {
                var (at, now) = (end.Length, _clock.GetUtcNow());
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

    private List<(LogSource Source, string File, long Length)> Unsynced()
    {
        lock (_gate)
        {
            return [.. _unsynced.Select(source => (source, _files[source], _ends[source].Length))];
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
