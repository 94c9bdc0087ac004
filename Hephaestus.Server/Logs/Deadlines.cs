using Hephaestus.Server.Supervision;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Logs;

/// <summary>
/// When which source needs a turn without an event of its own: one entry a source, one timer for all. An entry that has
/// become too early is left to go off; the source then says what it waits for now. Thread-safe.
/// </summary>
internal sealed class Deadlines(SafeFileHandle timer)
{
    private readonly Lock _gate = new();
    private readonly SortedSet<(long At, int Key)> _order = [];
    private readonly Dictionary<int, (long At, PumpedSource Source)> _entries = [];
    private long _armed = long.MaxValue;
    private bool _stopped;

    /// <summary>Asks for a turn at a time of <see cref="System.Diagnostics.Stopwatch"/>, or earlier.</summary>
    public void Set(PumpedSource source, long at)
    {
        lock (_gate)
        {
            if (_stopped)
            {
                return;
            }

            if (_entries.TryGetValue(source.Key, out var entry))
            {
                if (entry.At <= at)
                {
                    return;
                }

                _order.Remove((entry.At, source.Key));
            }

            _entries[source.Key] = (at, source);
            _order.Add((at, source.Key));
            Arm();
        }
    }

    /// <summary>Takes out all that are due.</summary>
    public List<PumpedSource> Due(long now)
    {
        var due = new List<PumpedSource>();
        lock (_gate)
        {
            while (_order.Count > 0 && _order.Min is var first && first.At <= now)
            {
                _order.Remove(first);
                _entries.Remove(first.Key, out var entry);
                due.Add(entry.Source);
            }

            _armed = long.MaxValue;
            Libc.ClearTimer(timer);
            Arm();
        }

        return due;
    }

    /// <summary>Takes no more: the timer may be closed from now on.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _stopped = true;
        }
    }

    public void Remove(PumpedSource source)
    {
        lock (_gate)
        {
            if (_entries.Remove(source.Key, out var entry))
            {
                _order.Remove((entry.At, source.Key));
            }
        }
    }

    private void Arm()
    {
        if (_order.Count > 0 && _order.Min.At < _armed)
        {
            _armed = _order.Min.At;
            Libc.SetTimer(timer, _armed);
        }
    }
}
