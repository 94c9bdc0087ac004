using Hephaestus.Server.Supervision;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Logs;

/// <summary>
/// A log as its files tell it after whatever ended its last writer: torn records are cut off, bytes that no record covers
/// get one, remarks that none covers are dropped, since whoever owns the events appends them again.
/// </summary>
internal sealed class RecoveredLog
{
    /// <summary>Bytes that one record covers at most here, as when pumping.</summary>
    private const int PieceBytes = 1024 * 1024;

    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly IndexWindow _window;
    private readonly Dictionary<LogSource, long> _newest = [];

    private RecoveredLog(string directory, IReadOnlyList<LogFile> sources)
    {
        Directory = directory;
        Outputs = sources.ToDictionary(file => file.Source, file => file.Path);
        Remarks = Libc.Open(LogStore.RemarksIn(directory), Libc.O_RDWR | Libc.O_CREAT, DescriptorUse.Log);
        var index = OpenIndex(directory);
        Index = new LogIndex(index, LogStore.IndexIn(directory), RandomAccess.GetLength(index) / IndexRecord.Size);
        _window = new IndexWindow(index);
    }

    public string Directory { get; }

    public LogIndex Index { get; }

    public SafeFileHandle Remarks { get; }

    /// <summary>The files of outputs.</summary>
    public Dictionary<LogSource, string> Outputs { get; }

    public Dictionary<LogSource, SourceEnd> Ends { get; } = [];

    public long Lines { get; private set; }

    public long RemarkBytes { get; private set; }

    /// <summary>Opens an execution's files and mends them.</summary>
    /// <param name="sources">All outputs that the execution's attempts may have.</param>
    /// <param name="boots">The boot that the log was begun in, and this one.</param>
    /// <param name="now">The time that found bytes are given.</param>
    /// <exception cref="IOException">There is no space; the same call may be made again.</exception>
    public static RecoveredLog Open(
        string directory, IReadOnlyList<LogFile> sources, (string Begun, string This) boots, DateTimeOffset now)
    {
        var log = new RecoveredLog(directory, sources);
        try
        {
            log.Mend(sources, boots, now);
            return log;
        }
        catch
        {
            log.Index.Dispose();
            log.Remarks.Dispose();
            throw;
        }
        finally
        {
            log._window.Release();
        }
    }

    private SafeFileHandle OpenIndex(string directory)
    {
        try
        {
            return Libc.Open(LogStore.IndexIn(directory), Libc.O_RDWR | Libc.O_CREAT, DescriptorUse.Log);
        }
        catch (IOException)
        {
            Remarks.Dispose();
            throw;
        }
    }

    private void Mend(IReadOnlyList<LogFile> sources, (string Begun, string This) boots, DateTimeOffset now)
    {
        Index.Cut(SoundRecords());
        Lines = LinesAfter(Index.Records - 1);
        LogGenerations.Continue(Directory, boots.Begun, boots.This, Lines);
        foreach (var (source, record) in _newest)
        {
            Ends[source] = EndAt(record);
        }

        CutRemarks();
        foreach (var file in sources)
        {
            Cover(file, now);
        }
    }

    /// <summary>
    /// Reads the index from its beginning, since lost power may have left a hole anywhere in what was not synced. A record
    /// that is damaged, or that speaks of bytes which are not there, invalidates itself and all that follow.
    /// </summary>
    private long SoundRecords()
    {
        var lengths = Outputs.ToDictionary(file => file.Key, file => Length(file.Value));
        lengths[LogSource.Remark] = lengths[LogSource.ErrorRemark] = RandomAccess.GetLength(Remarks);
        var at = 0L;
        for (; at < Index.Records; at++)
        {
            if (!_window.TryRead(at, Index.Records, out var record) || record.End > lengths.GetValueOrDefault(record.Source))
            {
                break;
            }

            _newest[record.Source] = at;
        }

        return at;
    }

    private SourceEnd EndAt(long at)
    {
        var record = _window.Read(at, Index.Records);
        if (LinesAfter(at) < record.FirstLine)
        {
            return new SourceEnd(record.End, record.LineStart, record.Previous);
        }

        return new SourceEnd(record.End, record.Completes ? record.End : Count(record).End, at + 1);
    }

    /// <summary>Lines completed once a record was written.</summary>
    private long LinesAfter(long at)
    {
        if (at < 0)
        {
            return 0;
        }

        if (at + 1 < Index.Records)
        {
            return _window.Read(at + 1, Index.Records).FirstLine - 1;
        }

        var last = _window.Read(at, Index.Records);
        return last.FirstLine - 1 + Count(last).Lines + (last.Completes ? 1 : 0);
    }

    private LineCount Count(in IndexRecord record) => Count(PathOf(record.Source), record.Start, record.End);

    private string PathOf(LogSource source) => source.IsRemark ? LogStore.RemarksIn(Directory) : Outputs[source];

    private LineCount Count(string path, long start, long end)
    {
        if (start == end)
        {
            return default;
        }

        using var file = Libc.Open(path, Libc.O_RDONLY);
        return LineCount.Of(file, start, end, _buffer);
    }

    private void CutRemarks()
    {
        RemarkBytes = Math.Max(
            Ends.GetValueOrDefault(LogSource.Remark).Length, Ends.GetValueOrDefault(LogSource.ErrorRemark).Length);
        RandomAccess.SetLength(Remarks, RemarkBytes);
    }

    private void Cover(LogFile file, DateTimeOffset now)
    {
        var end = Ends.GetValueOrDefault(file.Source);
        var length = Length(file.Path);
        while (end.Length < length)
        {
            var to = Math.Min(length, end.Length + PieceBytes);
            var count = Count(file.Path, end.Length, to);
            var next = count.Lines > 0 ? count.End : end.LineStart;
            var piece = new Piece(file.Source, end.Length, to, end.LineStart, count.Lines, next, RecordFlags.Found, now, false);
            Index.Append(piece.Record(Lines + 1, end.LastLine));
            Lines += count.Lines;
            end = Ends[file.Source] = new SourceEnd(to, next, count.Lines > 0 ? Index.Records : end.LastLine);
        }
    }

    private static long Length(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? file.Length : 0;
    }
}
