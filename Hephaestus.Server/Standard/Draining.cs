using System.Collections.Immutable;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Journal;
using Microsoft.Extensions.Logging;

namespace Hephaestus.Server.Standard;

/// <summary>
/// Takes no more executions, at an operator's wish, and knows which of those that were accepted have not ended. It says so
/// in the server's log and to whoever asks whether executions are taken. Not kept over a restart.
/// </summary>
internal sealed class Draining(Intake intake, ExecutionJournal journal, ServingStatus serving, ILogger<Draining> logger) : IDisposable
{
    /// <summary>Of those that are left so many are named.</summary>
    private const int MostNamed = 100;

    /// <summary>Changes within this time are told at once: each look reads the journal.</summary>
    private static readonly TimeSpan s_gathering = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan s_longest = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stopping = new();
    private int _times;

    /// <summary>Whether executions are taken.</summary>
    public bool IsOn => intake.Current.Value.Draining;

    /// <summary>From now on none are taken.</summary>
    /// <param name="by">Who wants that.</param>
    public void Begin(string by)
    {
        lock (_gate)
        {
            if (intake.Drain(true))
            {
                serving.Add(Impediments.Draining);
                logger.LogWarning("Draining, asked for by {By}: executions are refused; those that were accepted go on", by);
                _times++;
                _ = WatchAsync(_times);
            }
        }
    }

    /// <summary>From now on they are taken again.</summary>
    /// <inheritdoc cref="Begin" path="/param"/>
    public void Undo(string by)
    {
        lock (_gate)
        {
            if (intake.Drain(false))
            {
                serving.Remove(Impediments.Draining);
                logger.LogWarning("Draining no more, asked for by {By}: executions are taken again", by);
            }
        }
    }

    /// <summary>How far it is now.</summary>
    public DrainState Look()
    {
        // First whether one is being accepted, then which are: so none is overlooked.
        var taken = intake.Current.Value;
        var (running, queued, oldest) = journal.Snapshot(
            view => (view.Count(State.Running), view.Count(State.Queued), view.OldestUnfinished(MostNamed)));
        return new DrainState(taken.Draining, taken is { Draining: true, Entering: 0 } && running + queued == 0, running, queued, [.. oldest]);
    }

    /// <summary>Waits until it is otherwise than known; null: it was not in all this time.</summary>
    public async Task<DrainState?> ChangedAsync(DrainState known, TimeSpan patience, CancellationToken cancellation)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        waiting.CancelAfter(patience);
        try
        {
            while (true)
            {
                var (_, entering) = intake.Current.Current;
                var (_, head) = journal.Head.Current;
                if (Look() is var now && !now.Tells(known))
                {
                    return now;
                }

                await EitherAsync(entering, head, waiting.Token);
                await Task.Delay(s_gathering, waiting.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Look() is var now && now.Tells(known) ? null : now;
        }
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }

    private async Task EitherAsync(long entering, long head, CancellationToken cancellation)
    {
        // What waits for the other one must not pile up there.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await Task.WhenAny(intake.Current.NextAsync(entering, either.Token), journal.Head.NextAsync(head, either.Token));
        await either.CancelAsync();
        cancellation.ThrowIfCancellationRequested();
    }

    /// <summary>Says in the log when nothing is left, if it has not begun anew since.</summary>
    private async Task WatchAsync(int time)
    {
        var stopping = _stopping.Token;
        await Task.Yield();
        try
        {
            var state = Look();
            while (state is { Draining: true, Drained: false })
            {
                state = await ChangedAsync(state, s_longest, stopping) ?? state;
            }

            if (state.Drained && time == Volatile.Read(ref _times))
            {
                logger.LogWarning("Drained: all executions that were accepted have ended");
            }
        }
        catch (Exception stopped) when (stopping.IsCancellationRequested)
        {
            logger.LogDebug(stopped, "No longer watched");
        }
        catch (JournalException fault)
        {
            logger.LogError("It is not known when the last execution ends: {Fault}", fault.Message);
        }
    }
}

/// <summary>How far draining is.</summary>
/// <param name="Draining">Executions are not taken.</param>
/// <param name="Drained">Neither, and all have ended.</param>
/// <param name="Running">How many run.</param>
/// <param name="Queued">How many wait for their turn.</param>
/// <param name="Oldest">The first of those.</param>
internal sealed record DrainState(bool Draining, bool Drained, long Running, long Queued, ImmutableArray<ExecutionRow> Oldest)
{
    /// <summary>Whether both say the same.</summary>
    public bool Tells(DrainState other) =>
        (Draining, Drained, Running, Queued) == (other.Draining, other.Drained, other.Running, other.Queued)
        && Oldest.SequenceEqual(other.Oldest);
}
