using System.Reactive.Concurrency;
using System.Reactive.Linq;
using Hephaestus.Protocol.Configuration;
using Hephaestus.Server.Access;
using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Supervision;
using Microsoft.Extensions.Logging;

namespace Hephaestus.Server.Configuration;

/// <summary>
/// The configuration file, with all that it includes, while the server runs: changed rules of access are taken in, of other
/// changes it is said that they need a restart. A file with errors changes nothing.
/// </summary>
internal sealed class LiveConfiguration : IDisposable
{
    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly ConfigurationChanges _changes;
    private readonly RescanHints _hints;
    private readonly DirectoryWatches _watches;
    private readonly IDisposable _looks;
    private Protocol.Configuration.Configuration _judged;
    private Protocol.Configuration.Configuration? _pending;
    private bool _disposed;

    private LiveConfiguration(
        string path, SettingsReading start, LiveAccess access, CatalogueTiming timing, IScheduler scheduler, ILogger log)
    {
        (_path, _judged) = (path, start.Source);
        _changes = new ConfigurationChanges(path, start, access, log);
        _hints = new RescanHints(timing, scheduler);
        _watches = new DirectoryWatches(_hints.Hint, log);
        _watches.Arm(start.Source.Files);
        _looks = _hints.Due
            .Do(_ => Look())
            .Do(_ => { }, error => log.LogError(error, "Looking at {File} failed; it is tried again", path))
            .Retry()
            .Subscribe(_ => { }, error => log.LogCritical(error, "{File} is not looked at any more", path));

        // What changed between the start's reading and now.
        _hints.Hint();
    }

    /// <summary>Begins to look; null: there is no file, or it is a pipe, which can be read but once.</summary>
    /// <param name="path">As the start was given it.</param>
    /// <param name="start">What it read there.</param>
    /// <param name="scheduler">Must run one thing at a time; stays the caller's, to be disposed after this.</param>
    public static LiveConfiguration? Open(
        string? path, SettingsReading start, LiveAccess access, CatalogueTiming timing, IScheduler scheduler, ILogger log) =>
        path is not null && Libc.Status(path, out var status) == 0 && status.IsRegular
            ? new LiveConfiguration(path, start, access, timing, scheduler, log)
            : null;

    public void Dispose()
    {
        _looks.Dispose();
        _hints.Dispose();
        lock (_gate)
        {
            _disposed = true;
            _watches.Dispose();
        }
    }

    private void Look()
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                Look(ConfigurationFile.Read(_path));
            }
        }
    }

    /// <summary>
    /// What has changed counts when it was read twice, with the quiet time in between: a program that writes a file in its
    /// place empties it first, and half of the rules may allow what all of them do not.
    /// </summary>
    private void Look(Protocol.Configuration.Configuration now)
    {
        if (_watches.Arm(now.Files))
        {
            _hints.Hint();
        }

        var known = now.Tells(_judged);
        if (known && _changes.AreIn)
        {
            _pending = null;
        }
        else if (known || _pending?.Tells(now) == true)
        {
            (_judged, _pending) = (now, null);
            _changes.Judge(now);
        }
        else
        {
            _pending = now;
            _hints.Hint();
        }
    }
}
