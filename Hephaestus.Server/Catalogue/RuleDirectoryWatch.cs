using Hephaestus.Server.Supervision;
using Microsoft.Extensions.Logging;

namespace Hephaestus.Server.Catalogue;

/// <summary>
/// Tells that something may have changed below a directory. A hint, no more: inotify loses events when its queue is
/// full, sees nothing behind symbolic links, and is silent when the directory itself is moved or deleted.
/// </summary>
/// <param name="root">Absolute path.</param>
/// <param name="hint">Called on a thread of the runtime; must not throw and should not wait.</param>
internal sealed class RuleDirectoryWatch(string root, Action hint, ILogger log) : IDisposable
{
    private readonly Lock _gate = new();
    private FileSystemWatcher? _watcher;
    private (ulong Device, ulong Inode, long Born) _watched;
    private string? _complaint;
    private bool _disposed;

    /// <summary>
    /// Watches what the path leads to now, of the given status. Does nothing when that is watched already; null: there
    /// is nothing to watch. A watch that cannot be had is tried again by the next call; each reason is logged once.
    /// </summary>
    public void Arm(FileStatus? status)
    {
        lock (_gate)
        {
            var wanted = status is { } known ? (known.Device, known.Inode, known.Born) : default;
            if (_disposed || (_watcher is not null && _watched == wanted))
            {
                return;
            }

            Disarm();
            if (status is { IsDirectory: true })
            {
                _watcher = TryWatch();
                _watched = wanted;
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            Disarm();
        }
    }

    private FileSystemWatcher? TryWatch()
    {
        FileSystemWatcher? watcher = null;
        try
        {
            watcher = new FileSystemWatcher(root) { IncludeSubdirectories = true, NotifyFilter = Everything };
            Watch(watcher);
            return watcher;
        }
        catch (Exception problem) when (problem is IOException or ArgumentException or UnauthorizedAccessException)
        {
            watcher?.Dispose();
            Complain(problem);
            return null;
        }
    }

    private void Watch(FileSystemWatcher watcher)
    {
        watcher.Changed += (_, _) => hint();
        watcher.Created += (_, _) => hint();
        watcher.Deleted += (_, _) => hint();
        watcher.Renamed += (_, _) => hint();
        watcher.Error += (_, error) => OnError(watcher, error.GetException());
        watcher.EnableRaisingEvents = true;
    }

    private const NotifyFilters Everything =
        NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite | NotifyFilters.Size
        | NotifyFilters.Attributes | NotifyFilters.Security | NotifyFilters.CreationTime;

    private void OnError(FileSystemWatcher failed, Exception problem)
    {
        // An overflow lost events but not the watch. Anything else ends it until the next look renews it: a hint would have
        // that come at once, and again and again while the limits of inotify stay as they are.
        if (problem is InternalBufferOverflowException)
        {
            hint();
        }
        else
        {
            Forget(failed, problem);
        }
    }

    private void Forget(FileSystemWatcher failed, Exception problem)
    {
        lock (_gate)
        {
            Complain(problem);
            if (ReferenceEquals(_watcher, failed))
            {
                Disarm();
            }
        }
    }

    private void Complain(Exception problem)
    {
        if (_complaint != problem.Message)
        {
            log.LogWarning("{Directory} cannot be watched and is only looked at now and then: {Reason}", root, problem.Message);
            _complaint = problem.Message;
        }
    }

    private void Disarm()
    {
        _watcher?.Dispose();
        _watcher = null;
    }
}
