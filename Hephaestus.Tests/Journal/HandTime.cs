namespace Hephaestus.Tests.Journal;

/// <summary>A time in which timers end when the test says so.</summary>
internal sealed class HandTime : TimeProvider
{
    private readonly Lock _gate = new();
    private (TimerCallback Callback, object? State) _timer;
    private TimeSpan _due = Timeout.InfiniteTimeSpan;

    /// <summary>When the newest timer ends, counted from when it was set.</summary>
    public TimeSpan Due
    {
        get
        {
            lock (_gate) return _due;
        }
    }

    public bool Runs => Due != Timeout.InfiniteTimeSpan;

    public void Fire()
    {
        lock (_gate) _due = Timeout.InfiniteTimeSpan;
        _timer.Callback(_timer.State);
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        _timer = (callback, state);
        return new HandTimer(this);
    }

    private sealed class HandTimer(HandTime time) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._gate) time._due = dueTime;
            return true;
        }

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
