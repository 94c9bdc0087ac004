using System.Runtime.CompilerServices;

namespace Hephaestus.Server.Logs;

/// <summary>A log line by line, as dumps and the old status show it.</summary>
internal static class LogLines
{
    /// <summary>Bytes of one line that <see cref="NewestAsync"/> keeps.</summary>
    public const int MostLineBytes = 64 * 1024;

    /// <summary>
    /// All complete lines from a number on, up to now. A line longer than a batch comes in parts, so that memory does not
    /// grow with it.
    /// </summary>
    public static async IAsyncEnumerable<LinePart> AllAsync(
        LogReader log, long from = 1, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var start = new LogStart.From(LogCursor.Beginning with { Line = from });
        var query = new LogQuery { Start = start, UntilNow = true, WholeLines = true };
        await foreach (var batch in log.ReadAsync(query, cancellation))
        {
            foreach (var piece in batch.Pieces)
            {
                foreach (var part in PartsOf(piece))
                {
                    yield return part;
                }
            }
        }
    }

    /// <summary>The newest complete lines that fit in so many bytes, and how many older ones were left out.</summary>
    /// <param name="budget">Bytes in all; memory taken is about that.</param>
    /// <param name="overhead">Bytes that each line counts beside its own, at least 1.</param>
    public static async Task<NewestLines> NewestAsync(
        LogReader log, long budget, int overhead, CancellationToken cancellation = default)
    {
        var lines = new Queue<LogLine>();
        var first = log.FirstLineWithin(budget, overhead, MostLineBytes);
        var (used, leftOut) = (0L, first - 1);
        await foreach (var line in WholeAsync(log, first, cancellation))
        {
            lines.Enqueue(line);
            used += line.Bytes.Length + overhead;
            while (used > budget && lines.TryDequeue(out var oldest))
            {
                used -= oldest.Bytes.Length + overhead;
                leftOut++;
            }
        }

        return new NewestLines(leftOut, [.. lines]);
    }

    private static async IAsyncEnumerable<LogLine> WholeAsync(
        LogReader log, long from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var bytes = new MemoryStream();
        var length = 0L;
        await foreach (var part in AllAsync(log, from, cancellation))
        {
            length += part.Bytes.Length;
            bytes.Write(part.Bytes.Span[..(int)Math.Min(part.Bytes.Length, MostLineBytes - bytes.Length)]);
            if (part.Ends)
            {
                yield return new LogLine(part.Source, part.Time, bytes.ToArray(), length);
                bytes.SetLength(0);
                length = 0;
            }
        }
    }

    private static IEnumerable<LinePart> PartsOf(LogPiece piece)
    {
        var rest = piece.Data;
        var begins = !piece.Continued;
        do
        {
            var newline = rest.Span.IndexOf((byte)'\n');
            var ends = newline >= 0 || piece.NoNewline;
            var bytes = newline >= 0 ? rest[..newline] : rest;
            yield return new LinePart(piece.Source, piece.Time, bytes, begins, ends);
            rest = newline >= 0 ? rest[(newline + 1)..] : ReadOnlyMemory<byte>.Empty;
            begins = true;
        }
        while (!rest.IsEmpty);
    }
}

/// <summary>A line, or a part of one.</summary>
/// <param name="Bytes">Without the newline; valid until the next part is asked for.</param>
/// <param name="Begins">The line begins with it.</param>
/// <param name="Ends">The line ends with it.</param>
internal readonly record struct LinePart(LogSource Source, DateTimeOffset Time, ReadOnlyMemory<byte> Bytes, bool Begins, bool Ends);

/// <summary>A complete line without its newline.</summary>
/// <param name="Bytes">At most <see cref="LogLines.MostLineBytes"/> of it.</param>
/// <param name="Length">Bytes that it has.</param>
internal sealed record LogLine(LogSource Source, DateTimeOffset Time, byte[] Bytes, long Length)
{
    /// <summary>Only its beginning is here.</summary>
    public bool Cut => Length > Bytes.Length;
}

/// <summary>The end of a log.</summary>
/// <param name="LeftOut">Complete lines before these.</param>
internal sealed record NewestLines(long LeftOut, IReadOnlyList<LogLine> Lines);
