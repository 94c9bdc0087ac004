using Hephaestus.Server.Supervision;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Logs;

/// <summary>
/// The descriptors through which all readers of a log read: a follower that waits costs none of its own. Thread-safe.
/// </summary>
internal sealed class LogFiles(string directory, Func<LogSource, string> fileOf) : IDisposable
{
    /// <summary>Output files open at once; one more closes the one opened first.</summary>
    private const int MostOpen = 16;

    private readonly Lock _gate = new();
    private readonly Queue<(LogSource Source, SafeFileHandle File)> _open = [];

    public SafeFileHandle Index { get; } = Libc.Open(LogStore.IndexIn(directory), Libc.O_RDONLY);

    /// <summary>Those that the log had when it was opened to be read; a server begins one before anybody reads.</summary>
    public LogGenerations Generations { get; } = LogGenerations.Read(directory);

    /// <summary>How many read. Changed by the store, under its lock.</summary>
    public int Leases { get; set; }

    /// <summary>The newest records, for those that follow the log together.</summary>
    public LogTail Tail { get; } = new();

    /// <summary>Fills the buffer with a source's bytes.</summary>
    /// <exception cref="InvalidDataException">The file is shorter.</exception>
    public void Read(LogSource source, long offset, Span<byte> buffer)
    {
        using var file = Borrow(source);
        for (; buffer.Length > 0; offset += RandomAccessRead(file.Handle, ref buffer, offset))
        {
        }
    }

    /// <summary>Bytes of a source's file; 0: there is none.</summary>
    public long Length(LogSource source)
    {
        var file = new FileInfo(PathOf(source));
        return file.Exists ? file.Length : 0;
    }

    /// <summary>Counts a source's newlines between two offsets.</summary>
    public LineCount Count(LogSource source, long start, long end, Span<byte> buffer)
    {
        using var file = Borrow(source);
        return LineCount.Of(file.Handle, start, end, buffer);
    }

    public void Dispose()
    {
        Index.Dispose();
        while (_open.TryDequeue(out var open))
        {
            open.File.Dispose();
        }
    }

    private static int RandomAccessRead(SafeFileHandle file, ref Span<byte> buffer, long offset)
    {
        var read = RandomAccess.Read(file, buffer, offset);
        if (read == 0)
        {
            throw new InvalidDataException("an output file is shorter than the log's index says");
        }

        buffer = buffer[read..];
        return read;
    }

    private Loan Borrow(LogSource source)
    {
        lock (_gate)
        {
            var file = _open.FirstOrDefault(open => open.Source == source).File ?? Opened(source);
            return new Loan(file);
        }
    }

    private string PathOf(LogSource source) => source.IsRemark ? LogStore.RemarksIn(directory) : fileOf(source);

    private SafeFileHandle Opened(LogSource source)
    {
        var file = Libc.Open(PathOf(source), Libc.O_RDONLY);
        _open.Enqueue((source, file));
        if (_open.Count > MostOpen)
        {
            _open.Dequeue().File.Dispose();
        }

        return file;
    }

    /// <summary>Keeps a descriptor open while it is read, though it may be given up meanwhile.</summary>
    private readonly struct Loan : IDisposable
    {
        public Loan(SafeFileHandle handle)
        {
            var added = false;
            handle.DangerousAddRef(ref added);
            Handle = handle;
        }

        public SafeFileHandle Handle { get; }

        public void Dispose() => Handle.DangerousRelease();
    }
}
