using System.Reactive;
using System.Reactive.Concurrency;
using System.Reactive.Disposables;
using System.Reactive.Linq;
using System.Reactive.Subjects;
using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Facts;
using Hephaestus.Server.Supervision;
using Microsoft.Extensions.Logging;

namespace Hephaestus.Server.Configuration;

/// <summary>When and by whom files are looked at.</summary>
/// <param name="Scheduler">Must run one thing at a time; stays its owner's, to be disposed after what looks by it.</param>
internal sealed record Looks(IScheduler Scheduler, CatalogueTiming Timing, ILogger Log);

/// <summary>Files of one purpose.</summary>
/// <param name="Paths">Absolute.</param>
/// <param name="Hints">What in their directories is a reason to look at once.</param>
internal sealed record LookedAt(string[] Paths, NotifyFilters Hints)
{
    /// <summary>The directories, each once.</summary>
    public IEnumerable<string> Directories => Paths.Select(path => Path.GetDirectoryName(path)!).Distinct(StringComparer.Ordinal);
}

/// <summary>
/// What files say, read again when they change: a watcher's hints make that fast, looking again and again makes it true.
/// What cannot be used changes nothing, and is said.
/// </summary>
internal sealed class LiveFiles<T> : IDisposable
    where T : class, IEquatable<T>
{
    /// <summary>Within this, a file may have changed again without its status telling: its times are as coarse as the kernel's.</summary>
    private static readonly TimeSpan s_tick = TimeSpan.FromSeconds(1);

    private readonly LookedAt _files;
    private readonly Func<FileReading<T>> _read;
    private readonly Looks _looks;
    private readonly Subject<Unit> _hints = new();
    private readonly (string Directory, RuleDirectoryWatch Watch)[] _watches;
    private readonly SerialDisposable _looking = new();
    private FileStatus?[]? _seen;
    private string[] _said = [];
    private bool _unsettled;
    private bool _hasRead;
    private int _hinted;

    /// <param name="read">Reads all files anew.</param>
    /// <param name="initial">What they said when the program began; they are read again at once, now that they are watched.</param>
    public LiveFiles(LookedAt files, Func<FileReading<T>> read, T initial, Looks looks)
    {
        (_files, _read, _looks) = (files, read, looks);
        _watches = [.. files.Directories.Select(directory => (directory, Watch(directory)))];
        Values = new Latest<T>(initial);
        Look();
        _looking.Disposable = RescanSignals.Due(_hints, looks.Timing, looks.Scheduler)
            .Do(_ => Look())
            .Do(_ => { }, error => looks.Log.LogError(error, "Looking at {Files} failed; it is tried again", Names))
            .Retry()
            .Subscribe(_ => { }, error => looks.Log.LogCritical(error, "{Files} are not looked at any more", Names));

        // What changed between the first look and this subscription.
        Hint();
    }

    /// <summary>What they say.</summary>
    public Latest<T> Values { get; }

    /// <summary>Called after each reading that replaced them.</summary>
    public Action? Changed { get; set; }

    public void Dispose()
    {
        foreach (var (_, watch) in _watches)
        {
            watch.Dispose();
        }

        _looking.Dispose();
    }

    private string Names => string.Join(", ", _files.Paths);

    private RuleDirectoryWatch Watch(string directory) => new(directory, Hint, _looks.Log) { Recursive = false, Filters = _files.Hints };

    private void Look()
    {
        // First watch, then look: what changes in between is then a hint.
        foreach (var (directory, watch) in _watches)
        {
            watch.Arm(StatusOf(directory));
        }

        var now = _files.Paths.Select(StatusOf).ToArray();
        if (_seen is not { } seen || _unsettled || !now.SequenceEqual(seen))
        {
            _seen = now;
            _unsettled = now.Any(IsFresh) | !Take(_read());
        }
    }

    private string Meanwhile => _hasRead ? "what was read before stays in force" : "nothing of it counts until it can be used";

    private bool Take(FileReading<T> reading)
    {
        _hasRead |= reading.Value is not null;
        var lines = reading.Fault is { } fault ? reading.Warnings.Add($"{fault}; {Meanwhile}") : reading.Warnings;
        foreach (var line in lines.Except(_said))
        {
            _looks.Log.LogWarning("{Line}", line);
        }

        _said = [.. lines];
        if (reading.Value is { } value && !value.Equals(Values.Value))
        {
            Values.Set(value);
            Changed?.Invoke();
        }

        return reading.Value is not null;
    }

    private static FileStatus? StatusOf(string path) => Libc.Status(path, out var status) == 0 ? status : null;

    // A clock that was set back must not make them fresh for long.
    private static bool IsFresh(FileStatus? status) =>
        status is { } known && (DateTimeOffset.UtcNow - known.ChangedAt).Duration() < s_tick;

    /// <summary>From any thread. However many come, at most one waits for the scheduler.</summary>
    private void Hint()
    {
        if (Interlocked.Exchange(ref _hinted, 1) == 1)
        {
            return;
        }

        try
        {
            _looks.Scheduler.Schedule(PassHint);
        }
        catch (ObjectDisposedException)
        {
            // A hint that was under way when the server stopped; thrown on the watcher's thread it would end the process.
        }
    }

    private void PassHint()
    {
        Volatile.Write(ref _hinted, 0);
        _hints.OnNext(Unit.Default);
    }
}
