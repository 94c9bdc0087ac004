using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Hephaestus.Protocol;

namespace Hephaestus.Tests.Cli;

/// <summary>
/// A log of two sources, cut into pieces as the wire allows: whole lines together, a line in parts, and parts that come
/// before their line has a number, with those of the other source between them.
/// </summary>
internal sealed class CutLog(IReadOnlyList<CutLine> lines, Random random)
{
    private readonly int[] _delivered = new int[lines.Count];

    public IEnumerable<LogPiece> Pieces()
    {
        for (var next = 0; next < lines.Count;)
        {
            foreach (var piece in Unnumbered(next))
            {
                yield return piece;
            }

            var together = Together(next);
            foreach (var piece in together > 1 ? [Whole(next, together)] : Parts(next))
            {
                yield return piece;
            }

            next += together;
        }
    }

    /// <summary>Parts of the lines that each source completes next, in any order.</summary>
    private IEnumerable<LogPiece> Unnumbered(int next)
    {
        while (random.Next(3) == 0)
        {
            var stream = random.Next(2) == 0 ? LogStream.Out : LogStream.Err;
            var line = Enumerable.Range(next, lines.Count - next).FirstOrDefault(at => lines[at].Stream == stream, -1);
            if (line >= 0 && _delivered[line] < lines[line].Text.Length)
            {
                yield return Part(line, 0, random.Next(1, lines[line].Text.Length - _delivered[line] + 1), unfinished: true);
            }
        }
    }

    /// <summary>Consecutive lines of one source, of which nothing but of the first has been delivered.</summary>
    private int Together(int next)
    {
        var most = 1;
        while (next + most < lines.Count && lines[next + most].Stream == lines[next].Stream && lines[next + most - 1].Newline && random.Next(2) == 0)
        {
            most++;
        }

        return most;
    }

    private IEnumerable<LogPiece> Parts(int line)
    {
        while (random.Next(3) == 0 && _delivered[line] < lines[line].Text.Length)
        {
            yield return Part(line, line + 1, random.Next(1, lines[line].Text.Length - _delivered[line] + 1), unfinished: true);
        }

        yield return Whole(line, 1);
    }

    private LogPiece Whole(int first, int count)
    {
        var rest = lines.Skip(first).Take(count).SelectMany(line => line.Newline ? line.Text.Append((byte)'\n') : line.Text).Skip(_delivered[first]).ToArray();
        var piece = Piece(first, first + 1, rest);
        piece.NoNewline = !lines[first + count - 1].Newline;
        return piece;
    }

    private LogPiece Part(int line, int number, int length, bool unfinished)
    {
        var piece = Piece(line, number, lines[line].Text[_delivered[line]..(_delivered[line] + length)]);
        piece.Unfinished = unfinished;
        _delivered[line] += length;
        return piece;
    }

    private LogPiece Piece(int line, int number, byte[] data) => new()
    {
        FirstLine = (ulong)number,
        Time = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch),
        Step = 1,
        Attempt = 1,
        Stream = lines[line].Stream,
        Data = ByteString.CopyFrom(data),
        Continued = _delivered[line] > 0,
        Offset = (ulong)_delivered[line],
    };
}

/// <param name="Text">Without a newline in it.</param>
/// <param name="Newline">Else the line was ended by its source's end.</param>
internal sealed record CutLine(LogStream Stream, byte[] Text, bool Newline);
