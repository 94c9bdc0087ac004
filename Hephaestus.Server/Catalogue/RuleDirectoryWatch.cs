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

    /// <summary>Any thread sets it.</summary>
    private Failure? _failure;
    private (ulong Device, ulong Inode, long Born) _watched;
    private string? _complaint;
    private bool _disposed;

    /// <summary>Whether directories below count too.</summary>
    public bool Recursive { get; init; } = true;

    /// <summary>What counts as a change.</summary>
    public NotifyFilters Filters { get; init; } = Everything;

    /// <summary>
    /// Watches what the path leads to now, of the given status. Does nothing when that is watched already; null: there
    /// is nothing to watch. A watch that cannot be had is tried again by the next call; each reason is logged once.
    /// </summary>
    public void Arm(FileStatus? status)
    {
        lock (_gate)
        {
            TakeFailure();
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
            watcher = new FileSystemWatcher(root) { IncludeSubdirectories = Recursive, NotifyFilter = Filters };
            Watch(watcher);
            TellFailure();
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

    /// <summary>
    /// An overflow lost events but not the watch. Anything else ends it until the next look renews it: a hint would have
    /// that come at once, and again and again while the limits of inotify stay as they are. No lock here: the watcher
    /// calls this with its own lock held, and waits for that when it is disposed.
    /// </summary>
    private void OnError(FileSystemWatcher failed, Exception problem)
    {
        if (problem is InternalBufferOverflowException)
        {
            hint();
        }
        else
        {
            Volatile.Write(ref _failure, new Failure(failed, problem));
        }
    }

    private void TakeFailure()
    {
        if (TellFailure() is { } failure && ReferenceEquals(failure.Watcher, _watcher))
        {
            Disarm();
        }
    }

    /// <summary>Of a watcher that failed while it was being started the part that works is kept.</summary>
    private Failure? TellFailure()
    {
        var failure = Interlocked.Exchange(ref _failure, null);
        if (failure is not null)
        {
            Complain(failure.Problem);
        }

        return failure;
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

    private sealed record Failure(FileSystemWatcher Watcher, Exception Problem);
}
