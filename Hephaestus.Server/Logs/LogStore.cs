using System.Globalization;
using Hephaestus.Server.Facts;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Logs;

/// <summary>The logs of all executions: a directory each, below one root. Thread-safe.</summary>
/// <param name="root">Absolute path; made when missing, for the server alone.</param>
/// <param name="clock">Times of what is found without a record.</param>
/// <param name="publication">Shows to readers what is on the disk, and nothing else; null: all is shown once it is written.</param>
/// <param name="boot">Which start of the machine this is; null: that of <see cref="Boot"/>.</param>
internal sealed class LogStore(string root, TimeProvider clock, LogPublication? publication = null, string? boot = null)
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Ends the name of a directory that is being removed.</summary>
    private const string Going = ".removed";

    private readonly Lock _gate = new();
    private readonly Dictionary<uint, ExecutionLog> _open = [];
    private readonly Dictionary<uint, LogFiles> _read = [];
    private readonly string _boot = boot ?? Boot.Id;
    private readonly Dictionary<uint, Action?> _freed = [];

    public string DirectoryOf(uint execution) => Path.Combine(root, execution.ToString(CultureInfo.InvariantCulture));

    /// <summary>The pinned text of an execution's plan.</summary>
    public string PlanOf(uint execution) => Path.Combine(DirectoryOf(execution), "plan.conf");

    /// <summary>
    /// Makes the directory of an execution none of whose attempts has begun, with its pinned plan and an empty log, on the
    /// disk when it returns. Again, after a creation that was cut short, it completes that; remarks stay.
    /// </summary>
    /// <exception cref="IOException">There is no space, or no way to make the directory; the same call may be made again.</exception>
    /// <param name="begunIn">As for <see cref="Open"/>.</param>
    public ExecutionLog Create(uint execution, ReadOnlyMemory<byte> planText, string? begunIn = null)
    {
        var directory = DirectoryOf(execution);
        SetAside(directory);
        Directory.CreateDirectory(root, Private);
        Directory.CreateDirectory(directory, Private);
        CrashPoint.Reach("log-directory");
        using (var plan = Libc.Open(PlanOf(execution), Libc.O_RDWR | Libc.O_CREAT))
        {
            RandomAccess.SetLength(plan, 0);
            LogWrite.At(plan, PlanOf(execution), planText.Span, 0);
            RandomAccess.FlushToDisk(plan);
        }

        Libc.Open(RemarksIn(directory), Libc.O_RDWR | Libc.O_CREAT).Dispose();
        Libc.Open(IndexIn(directory), Libc.O_RDWR | Libc.O_CREAT).Dispose();
        Libc.Sync(directory);
        Libc.Sync(root);
        CrashPoint.Reach("log-created");
        return Open(execution, [], begunIn);
    }

    /// <summary>Opens the log of an execution that goes on, and mends what a killed server or lost power left.</summary>
    /// <param name="sources">All outputs that the execution's attempts may have.</param>
    /// <param name="begunIn">The boot in which the execution was accepted; null: this one.</param>
    /// <exception cref="InvalidOperationException">It is open.</exception>
    /// <exception cref="IOException">There is no such log, or no space; the same call may be made again.</exception>
    public ExecutionLog Open(uint execution, IReadOnlyList<LogFile> sources, string? begunIn = null)
    {
        lock (_gate)
        {
            if (_open.ContainsKey(execution))
            {
                throw new InvalidOperationException($"the log of execution {execution} is open");
            }

            var found = RecoveredLog.Open(DirectoryOf(execution), sources, (begunIn ?? _boot, _boot), clock.GetUtcNow());
            var log = new ExecutionLog(execution, found, new LogOwner(clock, Closed, publication));
            return _open[execution] = publication is null ? log : Synced(log);
        }
    }

    /// <summary>A log to read or follow, whether its execution goes on or has ended.</summary>
    /// <param name="fileOf">The output file of a source that is no remark; asked when one of its pieces is read.</param>
    /// <exception cref="IOException">There is no such log.</exception>
    public LogReader Read(uint execution, Func<LogSource, string> fileOf)
    {
        ExecutionLog? log;
        lock (_gate)
        {
            log = _open.GetValueOrDefault(execution);
        }

        return log is null ? Ended(execution, fileOf) : new LogReader(this, execution, fileOf, log.Head, log.LastLines);
    }

    /// <summary>Brings to the disk what was written to open logs since the last call; one whose disk fails is tried again.</summary>
    /// <returns>Why one could not be; null: all are on the disk.</returns>
    public string? Sync()
    {
        ExecutionLog[] open;
        lock (_gate)
        {
            open = [.. _open.Values];
        }

        var faults = open.Select(log => log.TrySync()).ToArray();
        return Array.Find(faults, fault => fault is not null);
    }

    /// <summary>
    /// A journal that was restored from a backup gives out ids again: what an execution has printed that bore the same one must
    /// not be written over. It is found beside, with a number behind its name.
    /// </summary>
    private static void SetAside(string directory)
    {
        if (Directory.Exists(directory) && Directory.EnumerateFiles(directory).Any(file => Path.GetExtension(file) is ".out" or ".err"))
        {
            var number = 1;
            while (Directory.Exists($"{directory}.{number}"))
            {
                number++;
            }

            Directory.Move(directory, $"{directory}.{number}");
        }
    }

    /// <summary>What an earlier server left is perhaps only in the page cache.</summary>
    private static ExecutionLog Synced(ExecutionLog log)
    {
        try
        {
            log.Sync();
            return log;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>Bytes of a log that nobody writes: its directory's files, the index included; 0: there is none.</summary>
    public long Measure(uint execution)
    {
        var directory = new DirectoryInfo(DirectoryOf(execution));
        return directory.Exists ? directory.EnumerateFiles().Sum(file => file.Length) : 0;
    }

    /// <summary>
    /// Removes an execution's directory, also what an earlier call that was cut short left of it. False: somebody writes or
    /// reads it; whoever reads it goes on, and when the last one has come to rest <paramref name="freed"/> is called.
    /// </summary>
    /// <exception cref="IOException">It cannot be removed; the same call may be made again.</exception>
    public bool Remove(uint execution, Action? freed = null)
    {
        // By another name at once, then file by file: nobody finds half a log, and no reader waits for large files to go.
        var (directory, going) = (DirectoryOf(execution), DirectoryOf(execution) + Going);
        Delete(going);
        lock (_gate)
        {
            if (_open.ContainsKey(execution) || _read.ContainsKey(execution))
            {
                _freed[execution] = freed;
                return false;
            }

            if (Directory.Exists(directory))
            {
                Directory.Move(directory, going);
            }
        }

        CrashPoint.Reach("log-renamed");
        Delete(going);
        return true;
    }

    /// <summary>Brings to the disk which directories there are.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public void SyncDirectories() => Libc.Sync(root);

    /// <summary>Whether a directory is a log that is being removed.</summary>
    internal static bool IsGoing(string directory) => directory.EndsWith(Going, StringComparison.Ordinal);

    internal static string IndexIn(string directory) => Path.Combine(directory, "index");

    internal static string RemarksIn(string directory) => Path.Combine(directory, "remarks");

    /// <summary>The shared descriptors of a log's files; dispose the lease.</summary>
    internal LogFiles Lease(uint execution, Func<LogSource, string> fileOf)
    {
        lock (_gate)
        {
            if (!_read.TryGetValue(execution, out var files))
            {
                files = _read[execution] = new LogFiles(DirectoryOf(execution), fileOf);
            }

            files.Leases++;
            return files;
        }
    }

    internal void Return(uint execution, LogFiles files)
    {
        Action? freed = null;
        lock (_gate)
        {
            if (--files.Leases == 0)
            {
                _read.Remove(execution);
                _freed.Remove(execution, out freed);
                files.Dispose();
            }
        }

        freed?.Invoke();
    }

    private LogReader Ended(uint execution, Func<LogSource, string> fileOf)
    {
        var files = Lease(execution, fileOf);
        try
        {
            var head = new Latest<LogHead>(EndedLog.Head(files));
            return new LogReader(this, execution, fileOf, head, () => EndedLog.LastLines(this, execution, fileOf, head.Value));
        }
        finally
        {
            Return(execution, files);
        }
    }

    private static void Delete(string directory)
    {
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private void Closed(ExecutionLog log)
    {
        lock (_gate)
        {
            _open.Remove(log.Execution);
        }
    }
}
