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

    private const int Idle = 0, Going = 1, Again = 2;

    private readonly Pump _pump;
    private readonly ExecutionLog _log;
    private readonly OutputFile _file;
    private readonly PieceRecorder _recorder;
    private readonly TaskCompletionSource<long> _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<LateOutput> _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Any thread: whether a turn goes on, and whether another was asked for. The first is the maker's.</summary>
    private int _turn = Going;

    /// <summary>Any thread sets them.</summary>
    private volatile bool _hungUp;
    private volatile bool _drain;

    /// <summary>Any thread reads it: why it waits for space; null: it does not.</summary>
    private volatile string? _stall;

    private bool _begun;
    private long _end;
    private bool _ended;
    private bool _closed;
    private long _drainTo = -1;
    private long _drainedAt;
    private long _lateUntil = long.MaxValue;

    public PumpedSource(Pump pump, ExecutionLog log, LogFile file, SafeFileHandle fifo, bool late)
    {
        (_pump, _log, Fifo) = (pump, log, fifo);
        _file = new OutputFile(file.Path, fifo, pump.Splices, pump.Spare);
        var from = log.Adopt(file);
        _end = from.Length;
        _recorder = new PieceRecorder(log, file.Source, _file, from, pump.Options);
        if (late)
        {
            BeginLate(Stopwatch.GetTimestamp());
        }
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

    /// <summary>Why it waits for space at this moment; null: it does not. Any thread may ask.</summary>
    public string? Stall => _stall;

    public Task<LateOutput> Finished => _finished.Task;

    /// <summary>From here on other threads may take turns; the first comes at once.</summary>
    public void Begin()
    {
        _begun = true;
        Volatile.Write(ref _turn, Idle);
        TakeTurn();
    }

    /// <summary>Completes with the file's length when all that was in the FIFO at this call is in the file.</summary>
    public Task<long> DrainAsync()
    {
        _drain = true;
        TakeTurn();
        return _drained.Task;
    }

    /// <summary>
    /// At once, on the calling thread where nothing is to be moved: most steps print little, and to wake a thread of the pump
    /// costs more than to look.
    /// </summary>
    private void TakeTurn()
    {
        if (IsEmpty())
        {
            Run(hungUp: false);
        }
        else
        {
            _pump.Schedule(this, 0);
        }
    }

    private bool IsEmpty()
    {
        try
        {
            return _file.Waiting == 0;
        }
        catch (Exception closed) when (closed is IOException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>A turn on the calling thread, unless another thread is at it: that one will take another.</summary>
    public void Run(bool hungUp)
    {
        if (hungUp)
        {
            _hungUp = true;
        }

        if (Interlocked.Exchange(ref _turn, Again) != Idle)
        {
            return;
        }

        do
        {
            Interlocked.Exchange(ref _turn, Going);
            Turn();
        }
        while (Interlocked.CompareExchange(ref _turn, Idle, Going) != Going);
    }

    /// <summary>Writes the last record, if that is possible, and closes; a turn that goes on is waited for.</summary>
    public void Dispose()
    {
        if (_begun)
        {
            // The last turn is this one, and it is never given back.
            SpinWait.SpinUntil(() => Interlocked.CompareExchange(ref _turn, Going, Idle) == Idle);
        }

        if (_closed)
        {
            return;
        }

        try
        {
            _recorder.Record(_end);
        }
        catch (Exception problem) when (problem is IOException or ObjectDisposedException)
        {
            // The bytes are in the file: the next start finds them.
        }

        Close();
        _drained.TrySetCanceled();
        _finished.TrySetCanceled();
    }

    /// <summary>A fault of ours ends the pumping of this source alone; its bytes wait in FIFO and file for the next start.</summary>
    private void Turn()
    {
        try
        {
            if (!_closed)
            {
                Advance();
                Await();
            }
        }
        catch (Exception fault)
        {
            Close();
            _drained.TrySetException(fault);
            _finished.TrySetException(fault);
        }
    }

    private void Advance()
    {
        // Read once: a drain asks for a look at the FIFO that begins after it.
        var drain = _drain;
        try
        {
            Settle(Move(drain), drain);
            SetStalled(null);
        }
        catch (IOException error)
        {
            SetStalled(error.Message);
        }
    }

    /// <summary>Moves what the FIFO holds, up to the turn's share.</summary>
    private Flow Move(bool drain)
    {
        if (drain && _drainTo < 0)
        {
            // Somebody may have opened a FIFO again that all had left.
            (_drainTo, _ended) = (_end + _file.Waiting, false);
        }

        for (var from = _end; _end - from < TurnBytes && !_ended;)
        {
            var moved = MoveOnce();
            if (moved <= 0)
            {
                // A FIFO that nobody has opened yet looks like one that all have left, but for the hang-up.
                return moved == 0 && (_hungUp || drain || _recorder.Late) ? Flow.Ended : Flow.Empty;
            }

            _end += moved;
            CrashPoint.Reach("pump-spliced");
            if (_recorder.IsDue(_end, Stopwatch.GetTimestamp()))
            {
                _recorder.Record(_end);
            }
        }

        return _ended ? Flow.Ended : Flow.More;
    }

    /// <summary>Nothing is moved before its record has a place; where nothing waits, it needs none.</summary>
    private int MoveOnce()
    {
        try
        {
            _log.EnsureRoom(0);
        }
        catch (IOException) when (_file.Waiting == 0)
        {
            return _file.MoveNothing();
        }

        return _file.Move(_end, TurnBytes);
    }

    private void Settle(Flow flow, bool drain)
    {
        var now = Stopwatch.GetTimestamp();
        _ended = flow == Flow.Ended;
        if (_ended || _recorder.IsDue(_end, now))
        {
            _recorder.Record(_end);
        }

        if (drain && !_recorder.Late && (flow != Flow.More || _end >= _drainTo))
        {
            _recorder.RecordLast(_end);
            CrashPoint.Reach("pump-drained");
            BeginLate(now);
        }

        if (_recorder.Late && (_ended || now >= _lateUntil))
        {
            _recorder.RecordLast(_end);
            Finish();
        }
        else
        {
            _recorder.ShowUnfinished(now);
        }
    }

    private void BeginLate(long now)
    {
        _recorder.Late = true;
        _drainedAt = _end;
        _lateUntil = now + PieceRecorder.Ticks(_pump.Options.LateOutput);
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

    /// <summary>Says what to wait for: the FIFO, a time, or nothing any more.</summary>
    private void Await()
    {
        if (_closed)
        {
            return;
        }

        var at = _stall is not null
            ? Stopwatch.GetTimestamp() + PieceRecorder.Ticks(_pump.Options.SpaceRetry)
            : Math.Min(_lateUntil, _recorder.NextAt(_end));
        if (at != long.MaxValue)
        {
            _pump.Schedule(this, at);
        }

        if (_stall is null && !_ended)
        {
            _pump.Rearm(this);
        }
    }

    private void SetStalled(string? reason)
    {
        var before = _stall;
        _stall = reason;
        if ((before is null) != (reason is null))
        {
            _pump.Stalled(reason is null ? -1 : 1, reason);
        }
    }
}
