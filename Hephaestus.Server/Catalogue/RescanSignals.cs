using System.Reactive;
using System.Reactive.Concurrency;
using System.Reactive.Linq;

namespace Hephaestus.Server.Catalogue;

/// <summary>When to look at the disk, as a composition over the hints of a watcher.</summary>
internal static class RescanSignals
{
    /// <summary>
    /// A signal for each burst of hints, and one after each period without any signal's look. Hints must come on the
    /// scheduler, and it must be one that runs one thing at a time: then none is lost while a look is going on.
    /// </summary>
    public static IObservable<Unit> Due(IObservable<Unit> hints, CatalogueTiming timing, IScheduler scheduler)
    {
        var periods = Observable.Timer(timing.Rescan, scheduler).Select(_ => Unit.Default).Repeat();
        return EndsOfBursts(hints, timing, scheduler).Merge(periods);
    }

    // Rx's Throttle is a debounce: alone, it would stay silent for as long as hints keep coming.
    private static IObservable<Unit> EndsOfBursts(IObservable<Unit> hints, CatalogueTiming timing, IScheduler scheduler) =>
        hints.Concat(Observable.Never<Unit>()).Publish(hint =>
        {
            var atLatest = Observable.Timer(timing.AtLatest, scheduler).Select(_ => Unit.Default);
            var endOfBurst = hint.Take(1).SelectMany(first =>
                hint.StartWith(first).Throttle(timing.Quiet, scheduler).Merge(atLatest).Take(1));
            return endOfBurst.Repeat();
        });
}
