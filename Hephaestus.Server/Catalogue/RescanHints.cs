using System.Reactive;
using System.Reactive.Concurrency;
using System.Reactive.Subjects;

namespace Hephaestus.Server.Catalogue;

/// <summary>Hints of a watcher on their way to whoever looks at the disk.</summary>
/// <param name="scheduler">Must run one thing at a time; stays the caller's.</param>
internal sealed class RescanHints(CatalogueTiming timing, IScheduler scheduler) : IDisposable
{
    private readonly Subject<Unit> _hints = new();
    private int _hinted;

    /// <summary>When to look, on the scheduler: see <see cref="RescanSignals"/>.</summary>
    public IObservable<Unit> Due => RescanSignals.Due(_hints, timing, scheduler);

    /// <summary>From any thread. However many come, at most one waits for the scheduler.</summary>
    public void Hint()
    {
        if (Interlocked.Exchange(ref _hinted, 1) == 1)
        {
            return;
        }

        try
        {
            scheduler.Schedule(PassHint);
        }
        catch (ObjectDisposedException)
        {
            // A hint that was under way when the server stopped; thrown on the watcher's thread it would end the process.
        }
    }

    /// <summary>Hints that are still under way lead nowhere.</summary>
    public void Dispose() => _hints.OnCompleted();

    private void PassHint()
    {
        Volatile.Write(ref _hinted, 0);
        _hints.OnNext(Unit.Default);
    }
}
