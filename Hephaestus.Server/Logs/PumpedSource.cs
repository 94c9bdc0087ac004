using System.Diagnostics;
using Hephaestus.Server.Supervision;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Logs;

/// <summary>
/// One FIFO and its file. It is given turns by the pump's threads, one at a time, and everything but the fields that say
/// otherwise belongs to the turn.
/// </summary>
internal sealed class PumpedSource : IDisposable
{
    private const int TurnBytes = 1024 * 1024;
    private const int RecordBytes = 64 * 1024;

    private static readonly long s_recordInterval = Ticks(TimeSpan.FromMilliseconds(5));

    [ThreadStatic]
    private static byte[]? s_buffer;

    private readonly Pump _pump;
    private readonly ExecutionLog _log;
    private readonly OutputFile _file;
    private readonly TaskCompletionSource<long> _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<LateOutput> _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Any thread: whether a turn goes on, and whether another was asked for meanwhile.</summary>
    private int _turn;

    /// <summary>Any thread sets them.</summary>
    private volatile bool _hungUp;
    private volatile bool _drain;

    private readonly LogSource _source;
    private long _end;
    private long _recorded;
    private long _lineStart;
    private long _lineSince;
    private long _lastRecord;
    private bool _shown;
    private bool _ended;
    private bool _late;
    private bool _stalled;
    private bool _closed;
    private long _drainTo = -1;
    private long _drainedAt;
    private long _lateUntil = long.MaxValue;

    public PumpedSource(Pump pump, ExecutionLog log, LogFile file, SafeFileHandle fifo, bool late)
    {
        (_pump, _log, _source, Fifo, _late) = (pump, log, file.Source, fifo, late);
        var end = log.Adopt(file);
        (_end, _recorded, _lineStart) = (end.Length, end.Length, end.LineStart);
        _lineSince = Stopwatch.GetTimestamp();
        _file = new OutputFile(file.Path, fifo, pump.Splices);
    }

    private enum Flow
    {
        /// <summary>The turn's share is used up.</summary>
        More,

        /// <summary>The FIFO is empty.</summary>
        Empty,

        /// <summary>The FIFO is empty and nobody can write to it.</summary>
        Ended,
    }

    /// <summary>Names it in the epoll.</summary>
    public required int Key { get; init; }

    public SafeFileHandle Fifo { get; }

    public Task<LateOutput> Finished => _finished.Task;

    /// <summary>From here on there may be turns.</summary>
    public void Begin()
    {
        var at = _lineStart < _end ? ShowAt : long.MaxValue;
        if (_late)
        {
            BeginLate(Stopwatch.GetTimestamp());
            at = 0;
        }

        _pump.Watch(this);
        if (at != long.MaxValue)
        {
            _pump.Schedule(this, at);
        }
    }

    /// <summary>Completes with the file's length when all that was in the FIFO at this call is in the file.</summary>
    public Task<long> DrainAsync()
    {
        _drain = true;
        _pump.Schedule(this, 0);
        return _drained.Task;
    }

    /// <summary>A turn on the calling thread, unless another thread is at it: that one will take another.</summary>
    public void Run(bool hungUp)
    {
        if (hungUp)
        {
            _hungUp = true;
        }

        const int Idle = 0, Going = 1, Again = 2;
        if (Interlocked.Exchange(ref _turn, Again) != Idle)
        {
            return;
        }

        do
        {
            Volatile.Write(ref _turn, Going);
            Turn();
        }
        while (Interlocked.CompareExchange(ref _turn, Idle, Going) != Going);
    }

    /// <summary>Writes the last record, if that is possible, and closes. The threads have stopped.</summary>
    public void Dispose()
    {
        try
        {
            Record(RecordFlags.None);
        }
        catch (IOException)
        {
            // The bytes are in the file: the next start finds them.
        }

        Close();
        _drained.TrySetCanceled();
        _finished.TrySetCanceled();
    }

    private static long Ticks(TimeSpan time) => time.Ticks * (Stopwatch.Frequency / TimeSpan.TicksPerSecond);

    private void Turn()
    {
        if (_closed)
        {
            return;
        }

        try
        {
            Settle(_ended ? Flow.Ended : Move());
            SetStalled(null);
        }
        catch (IOException error)
        {
            SetStalled(error.Message);
        }

        Await();
    }

    /// <summary>Moves what the FIFO holds, up to the turn's share.</summary>
    private Flow Move()
    {
        if (_drain && _drainTo < 0)
        {
            _drainTo = _end + Libc.Waiting(Fifo);
        }

        for (var from = _end; _end - from < TurnBytes;)
        {
            _log.EnsureRoom(0);
            var moved = _file.Move(_end, TurnBytes);
            if (moved <= 0)
            {
                // A FIFO that nobody has opened yet looks like one that all have left, but for the hang-up.
                return moved == 0 && (_hungUp || _drain || _late) ? Flow.Ended : Flow.Empty;
            }

            _end += moved;
            CrashPoint.Reach("pump-spliced");
            if (_end - _recorded >= RecordBytes || Stopwatch.GetTimestamp() - _lastRecord >= s_recordInterval)
            {
                Record(RecordFlags.None);
            }
        }

        return Flow.More;
    }

    private void Settle(Flow flow)
    {
        var now = Stopwatch.GetTimestamp();
        _ended = flow == Flow.Ended;
        if (_ended || now - _lastRecord >= s_recordInterval)
        {
            Record(RecordFlags.None);
        }

        if (_drain && !_late && (flow != Flow.More || _end >= _drainTo))
        {
            Record(RecordFlags.CompletesLine);
            CrashPoint.Reach("pump-drained");
            BeginLate(now);
        }

        if (_late && (_ended || now >= _lateUntil))
        {
            Record(RecordFlags.CompletesLine);
            Finish();
        }
        else if (!_shown && _lineStart < _recorded && now >= ShowAt)
        {
            _shown = true;
            _log.Show(new UnfinishedTail(_source, _lineStart, _recorded, _pump.Options.Clock.GetUtcNow(), _late));
        }
    }

    private long ShowAt => _lineSince + Ticks(_pump.Options.Unfinished);

    private void BeginLate(long now)
    {
        _late = true;
        _drainedAt = _end;
        _lateUntil = now + Ticks(_pump.Options.LateOutput);
        _drained.TrySetResult(_end);
    }

    private void Finish()
    {
        Close();
        _finished.TrySetResult(new LateOutput(!_ended, _end - _drainedAt));
    }

    private void Close()
    {
        SetStalled(null);
        _closed = true;
        _pump.Remove(this);
        _file.Dispose();
        Fifo.Dispose();
    }

    /// <summary>Records what was moved; with <see cref="RecordFlags.CompletesLine"/> also that the last line ends here.</summary>
    private void Record(RecordFlags end)
    {
        if (_recorded == _end && (end == RecordFlags.None || _lineStart == _end))
        {
            return;
        }

        var count = _file.Count(_recorded, _end, s_buffer ??= new byte[64 * 1024]);
        var next = count.Lines > 0 ? count.End : _lineStart;
        var completes = end == RecordFlags.CompletesLine && next < _end;
        var now = Stopwatch.GetTimestamp();
        var isNew = count.Lines > 0 || _lineStart == _recorded;
        var show = _shown && !isNew;
        _log.Append(new Piece(
            _source,
            _recorded,
            _end,
            _lineStart,
            count.Lines + (completes ? 1 : 0),
            completes ? _end : next,
            (completes ? RecordFlags.CompletesLine : 0) | (_late ? RecordFlags.Late : 0),
            _pump.Options.Clock.GetUtcNow(),
            show));
        (_recorded, _lineStart, _lastRecord, _shown) = (_end, completes ? _end : next, now, show);
        _lineSince = isNew ? now : _lineSince;
    }

    /// <summary>Says what to wait for: the FIFO, a time, or nothing any more.</summary>
    private void Await()
    {
        if (_closed)
        {
            return;
        }

        var at = _lateUntil;
        if (_stalled)
        {
            at = Stopwatch.GetTimestamp() + Ticks(_pump.Options.SpaceRetry);
        }
        else
        {
            at = _recorded < _end ? Math.Min(at, _lastRecord + s_recordInterval) : at;
            at = !_shown && _lineStart < _recorded ? Math.Min(at, ShowAt) : at;
        }

        if (at != long.MaxValue)
        {
            _pump.Schedule(this, at);
        }

        if (!_stalled && !_ended)
        {
            _pump.Rearm(this);
        }
    }

    private void SetStalled(string? reason)
    {
        if (_stalled != (reason is not null))
        {
            _stalled = reason is not null;
            _pump.Stalled(_stalled ? 1 : -1, reason);
        }
    }
}
