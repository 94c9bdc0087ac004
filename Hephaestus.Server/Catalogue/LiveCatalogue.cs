using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Reactive.Subjects;
using Hephaestus.Server.Facts;
using Microsoft.Extensions.Logging;

namespace Hephaestus.Server.Catalogue;

/// <summary>
/// The rule directory, live: always a whole snapshot, replaced by the next when the disk has changed. A watcher's
/// hints make that fast; looking again and again makes it true.
/// </summary>
internal sealed class LiveCatalogue : IDisposable
{
    private readonly RescanHints _hints;
    private readonly RuleDirectory _directory;
    private readonly RuleDirectoryWatch _watch;
    private readonly BehaviorSubject<CatalogueSnapshot> _published;
    private readonly IDisposable _rescans;

    /// <summary>Written by the scheduler alone.</summary>
    private CatalogueScan _scan = CatalogueScan.None;

    private LiveCatalogue(string root, PlanTrust trust, CatalogueTiming timing, IScheduler scheduler, ILogger log)
    {
        _hints = new RescanHints(timing, scheduler);
        _directory = new RuleDirectory(root, TimeProvider.System, trust);
        _watch = new RuleDirectoryWatch(root, _hints.Hint, log);
        _scan = Rescan();
        Snapshots = new Latest<CatalogueSnapshot>(_scan.Snapshot);
        Plans = new PlanLooks(key => _directory.Look(key, Volatile.Read(ref _scan)), Snapshots, _hints.Hint);
        _published = new BehaviorSubject<CatalogueSnapshot>(_scan.Snapshot);
        _rescans = _hints.Due
            .Select(_ => Rescan())
            .Do(_ => { }, error => log.LogError(error, "Looking at {Directory} failed; it is tried again", root))
            .Retry()
            .Subscribe(Publish, error => log.LogCritical(error, "{Directory} is not looked at any more", root));

        // What changed between the first look and this subscription.
        _hints.Hint();
    }

    /// <summary>The newest snapshot, to be read or awaited.</summary>
    public Latest<CatalogueSnapshot> Snapshots { get; }

    /// <summary>Single plans as they stand on the disk.</summary>
    public PlanLooks Plans { get; }

    /// <summary>Where a plan of these names stands, or would.</summary>
    public string FileOf(PlanKey key) => _directory.FileOf(key);

    /// <summary>The newest snapshot.</summary>
    public CatalogueSnapshot Current => Snapshots.Value;

    /// <summary>The newest snapshot at once, then each that differs; completes when the catalogue is disposed.</summary>
    public IObservable<CatalogueSnapshot> Changes => _published.AsObservable();

    /// <summary>
    /// Reads the directory, which is created when missing, and keeps watching it. The first snapshot is complete when
    /// this returns. A directory that goes missing later is an empty catalogue, and is not created again: whoever
    /// replaces it by another may be between two commands.
    /// </summary>
    /// <param name="trust">Judges plans by who can change them.</param>
    /// <param name="scheduler">Must run one thing at a time; stays the caller's, to be disposed after the catalogue.</param>
    /// <exception cref="IOException">It cannot be created; the message says which, and what to set.</exception>
    public static LiveCatalogue Open(
        string ruleDirectory, PlanTrust trust, CatalogueTiming timing, IScheduler scheduler, ILogger log)
    {
        var root = Path.GetFullPath(ruleDirectory);
        Create(root);
        return new LiveCatalogue(root, trust, timing, scheduler, log);
    }

    private static void Create(string root)
    {
        try
        {
            Directory.CreateDirectory(root);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"the plans' directory {root} cannot be used ({fault.Message}); set plan.rule_dir", fault);
        }
    }

    public void Dispose()
    {
        _watch.Dispose();
        _rescans.Dispose();
        _hints.Dispose();
        _published.OnCompleted();
    }

    private CatalogueScan Rescan()
    {
        // First watch, then look: what changes in between is then a hint.
        _watch.Arm(_directory.Status());
        return _directory.Scan(_scan);
    }

    private void Publish(CatalogueScan scan)
    {
        var changed = !ReferenceEquals(scan.Snapshot, _scan.Snapshot);
        Volatile.Write(ref _scan, scan);
        if (changed)
        {
            Snapshots.Set(scan.Snapshot);
            _published.OnNext(scan.Snapshot);
        }
    }
}
