using System.Buffers;
using System.Globalization;
using System.Text;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Logs;

namespace Hephaestus.Server.Streaming;

/// <summary>The newest lines of a log that fit into one message, for those who ask for all of it at once.</summary>
/// <param name="budget">Bytes of the message's list.</param>
/// <param name="overhead">Bytes that each line costs beside its own, at most.</param>
internal sealed class NewestLines(int budget, int overhead)
{
    /// <summary>What is shown of one line, in bytes.</summary>
    private const int LongestLine = 1024 * 1024;

    private readonly Queue<string> _lines = [];
    private readonly ArrayBufferWriter<byte> _line = new();
    private long _lineBytes;
    private long _size;

    /// <summary>In the log's order; when some found no room, a first line says how many.</summary>
    public async Task<IReadOnlyCollection<string>> ReadAsync(ArchivedLog log, CancellationToken cancellation)
    {
        var total = log.Reader.Lines;
        var first = log.Reader.FirstLineWithin(budget, LogText.PrefixLength + overhead, LongestLine);
        var query = new LogQuery
        {
            Start = new LogStart.From(new LogCursor(first, 0, [])),
            UntilNow = true,
            WholeLines = true,
        };
        await foreach (var batch in log.ReadAsync(query, cancellation))
        {
            foreach (var part in batch.Pieces.SelectMany(LogText.Lines))
            {
                Take(part);
            }
        }

        var leftOut = Math.Max(first - 1, total - _lines.Count);
        return leftOut <= 0 ? _lines : [LeftOut(leftOut), .. _lines];
    }

    private void Take(TextPart part)
    {
        _line.Write(part.Prefix.Span);
        _lineBytes += part.Text.Length;
        _line.Write(part.Text.Span[..Math.Min(part.Text.Length, Math.Max(0, LongestLine - _line.WrittenCount))]);
        if (part.Ends)
        {
            Add(Encoding.UTF8.GetString(_line.WrittenSpan) + Shortened());
            _line.ResetWrittenCount();
            _lineBytes = 0;
        }
    }

    private string Shortened() => _lineBytes <= LongestLine ? "" : string.Create(
        CultureInfo.InvariantCulture,
        $" ... ({_lineBytes - LongestLine} bytes of this line are left out)");

    private void Add(string line)
    {
        _lines.Enqueue(line);
        _size += Size(line);
        while (_size > budget)
        {
            _size -= Size(_lines.Dequeue());
        }
    }

    private int Size(string line) => Encoding.UTF8.GetByteCount(line) + overhead;

    private static string LeftOut(long lines) => string.Create(
        CultureInfo.InvariantCulture,
        $"{LogText.Prefix(DateTimeOffset.Now, LogStream.Remark)}{Remarks.Mark}{lines} earlier lines are left out, they do not fit into one message");
}
