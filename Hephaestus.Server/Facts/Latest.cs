namespace Hephaestus.Server.Facts;

/// <summary>
/// The newest value of a fact, read at once or awaited. Whoever awaits it skips what it was too slow for, so that a slow
/// subscriber costs nothing; one task serves all that wait.
/// </summary>
internal sealed class Latest<T>(T initial)
{
    private readonly Lock _gate = new();
    private State _state = new(initial, 0);

    /// <summary>The newest value.</summary>
    public T Value => Volatile.Read(ref _state).Value;

    /// <summary>The newest value with its version; pass the version to <see cref="NextAsync"/>.</summary>
    public (T Value, long Version) Current
    {
        get
        {
            var state = Volatile.Read(ref _state);
            return (state.Value, state.Version);
        }
    }

    /// <summary>Replaces the value and wakes all that wait.</summary>
    public void Set(T value)
    {
        State previous;
        lock (_gate)
        {
            previous = _state;
            Volatile.Write(ref _state, new State(value, previous.Version + 1));
        }

        previous.Replaced();
    }

    /// <summary>Completes when the version is another than <paramref name="seen"/>; at once if it is.</summary>
    public Task NextAsync(long seen, CancellationToken cancellation)
    {
        var state = Volatile.Read(ref _state);
        return state.Version != seen ? Task.CompletedTask : state.Successor.WaitAsync(cancellation);
    }

    /// <summary>As the other, but gives up after a time: false when nothing new has come by then.</summary>
    public async Task<bool> NextAsync(long seen, TimeSpan patience, CancellationToken cancellation)
    {
        var state = Volatile.Read(ref _state);
        if (state.Version != seen)
        {
            return true;
        }

        // Waiting on the successor itself: a wait that gave up leaves nothing behind on it.
        await state.Successor.WaitAsync(patience, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellation.ThrowIfCancellationRequested();
        return Volatile.Read(ref _state).Version != seen;
    }

    private sealed class State(T value, long version)
    {
        private static readonly TaskCompletionSource s_replaced = Replacement();

        private TaskCompletionSource? _successor;

        public T Value { get; } = value;

        public long Version { get; } = version;

        /// <summary>Made only when somebody waits: a value that nobody awaits costs no task.</summary>
        public Task Successor => Source().Task;

        public void Replaced() => (Interlocked.CompareExchange(ref _successor, s_replaced, null) ?? s_replaced).TrySetResult();

        private static TaskCompletionSource Replacement()
        {
            var replaced = new TaskCompletionSource();
            replaced.SetResult();
            return replaced;
        }

        private TaskCompletionSource Source() => Volatile.Read(ref _successor) ?? Made();

        private TaskCompletionSource Made()
        {
            var made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return Interlocked.CompareExchange(ref _successor, made, null) ?? made;
        }
    }
}
