using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Hephaestus.Server.Logs;

namespace Hephaestus.Tests.Logs;

/// <summary>One thing that happens to a log: output that gets a record, a remark, or the end of an output's last line.</summary>
/// <param name="Text">Null: the end of the last line, if one is begun.</param>
internal sealed record LogAction(LogSource Source, string? Text)
{
    /// <summary>Of up to three attempts and their remarks.</summary>
    public static Gen<LogAction> Any { get; } = Gen.Frequency(
        (12, from source in Sources(2, 7) from text in Texts.Any select new LogAction(source, text)),
        (2, from source in Sources(0, 1) from text in Texts.Any select new LogAction(source, text)),
        (1, from source in Sources(2, 7) select new LogAction(source, null)));

    public static Gen<LogAction[]> Some { get; } = Any.ArrayOf();

    private static Gen<LogSource> Sources(int first, int last) =>
        Gen.Choose(first, last).Select(value => new LogSource((ushort)value));
}

/// <summary>Fills a log without any FIFO: what a pump does, in the plainest way, with a record for each write.</summary>
internal sealed class LogWriter(ExecutionLog log, string directory)
{
    private readonly Dictionary<LogSource, (long End, long LineStart)> _ends = [];

    public void Write(params IEnumerable<LogAction> actions)
    {
        foreach (var action in actions)
        {
            Write(action);
        }
    }

    private void Write(LogAction action)
    {
        if (action.Source.IsRemark)
        {
            var text = Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(action.Text!));
            log.AppendRemark(DateTimeOffset.UtcNow, text, action.Source == LogSource.ErrorRemark);
            return;
        }

        var path = LogHome.FileOf(directory, action.Source);
        var (start, lineStart) = _ends.TryGetValue(action.Source, out var known) ? known : Adopt(action.Source, path);
        if (action.Text is null && lineStart == start)
        {
            return;
        }

        var bytes = Encoding.Latin1.GetBytes(action.Text ?? "");
        using (var file = new FileStream(path, FileMode.Append)) file.Write(bytes);
        var end = start + bytes.Length;
        var lines = bytes.Count(each => each == '\n') + (action.Text is null ? 1 : 0);
        var next = action.Text is null ? end : lines > 0 ? start + Array.LastIndexOf(bytes, (byte)'\n') + 1 : lineStart;
        var flags = action.Text is null ? RecordFlags.CompletesLine : RecordFlags.None;
        log.Append(new Piece(action.Source, start, end, lineStart, lines, next, flags, DateTimeOffset.UtcNow, Show: true));
        _ends[action.Source] = (end, next);
    }

    private (long End, long LineStart) Adopt(LogSource source, string path)
    {
        var end = log.Adopt(new LogFile(source, path));
        return (end.Length, end.LineStart);
    }
}
