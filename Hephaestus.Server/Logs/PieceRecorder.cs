using System.Diagnostics;

namespace Hephaestus.Server.Logs;

/// <summary>
/// Turns the bytes that were moved into records and shows followers a line that stays unfinished. The first bytes after
/// silence get a record at once, then there is at most one each 5 ms or 64 KiB, so that a program that writes byte by
/// byte does not cost a record for each. Times are those of <see cref="Stopwatch"/>. Not thread-safe.
/// </summary>
internal sealed class PieceRecorder
{
    private const int MostBytes = 64 * 1024;

    private static readonly long s_interval = Ticks(TimeSpan.FromMilliseconds(5));

    [ThreadStatic]
    private static byte[]? s_buffer;

    private readonly ExecutionLog _log;
    private readonly LogSource _source;
    private readonly OutputFile _file;
    private readonly PumpOptions _options;
    private long _recorded;
    private long _lineStart;
    private long _lineSince;
    private long _lastRecord;
    private bool _shown;

    public PieceRecorder(ExecutionLog log, LogSource source, OutputFile file, SourceEnd from, PumpOptions options)
    {
        (_log, _source, _file, _options) = (log, source, file, options);
        (_recorded, _lineStart) = (from.Length, from.LineStart);
        _lineSince = Stopwatch.GetTimestamp();
    }

    /// <summary>What comes is late output.</summary>
    public bool Late { get; set; }

    /// <summary>Whether bytes up to <paramref name="end"/> are to be recorded now.</summary>
    public bool IsDue(long end, long now) =>
        end > _recorded && (end - _recorded >= MostBytes || now - _lastRecord >= s_interval);

    /// <summary>When something is to be done though nothing comes; <see cref="long.MaxValue"/>: never.</summary>
    public long NextAt(long end) => Math.Min(
        end > _recorded ? _lastRecord + s_interval : long.MaxValue,
        !_shown && _lineStart < _recorded ? ShowAt : long.MaxValue);

    /// <summary>Records the bytes up to <paramref name="end"/>, if there are new ones.</summary>
    /// <exception cref="IOException">There is no space; nothing changed.</exception>
    public void Record(long end)
    {
        if (end > _recorded)
        {
            Append(end, completes: false);
        }
    }

    /// <summary>Records also that the last line ends there, with or without a newline.</summary>
    /// <exception cref="IOException">There is no space; nothing changed.</exception>
    public void RecordLast(long end)
    {
        if (end > _recorded || _lineStart < end)
        {
            Append(end, completes: true);
        }
    }

    /// <summary>Shows an unfinished line whose time has come.</summary>
    public void ShowUnfinished(long now)
    {
        if (!_shown && _lineStart < _recorded && now >= ShowAt)
        {
            _shown = true;
            _log.Show(new UnfinishedTail(_source, _lineStart, _recorded, _options.Clock.GetUtcNow(), Late));
        }
    }

    internal static long Ticks(TimeSpan time) => time.Ticks * (Stopwatch.Frequency / TimeSpan.TicksPerSecond);

    private long ShowAt => _lineSince + Ticks(_options.Unfinished);

    private void Append(long end, bool completes)
    {
        var count = _file.Count(_recorded, end, s_buffer ??= new byte[64 * 1024]);
        var next = count.Lines > 0 ? count.End : _lineStart;
        completes &= next < end;
        var isNew = count.Lines > 0 || _lineStart == _recorded;
        var show = _shown && !isNew;
        _log.Append(new Piece(
            _source,
            _recorded,
            end,
            _lineStart,
            count.Lines + (completes ? 1 : 0),
            completes ? end : next,
            (completes ? RecordFlags.CompletesLine : 0) | (Late ? RecordFlags.Late : 0),
            _options.Clock.GetUtcNow(),
            show));
        (_recorded, _lineStart, _lastRecord, _shown) = (end, completes ? end : next, Stopwatch.GetTimestamp(), show);
        _lineSince = isNew ? _lastRecord : _lineSince;
    }
}
