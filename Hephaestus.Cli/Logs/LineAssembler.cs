using System.Buffers;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Logs;

/// <summary>
/// Makes whole lines of a log's pieces, however it was cut: what came of a line before it had a number is kept until it
/// has one. Of a line that is too long for that only its length is known then, and its beginning has to be read again.
/// </summary>
/// <param name="mostKept">
/// Bytes of an unfinished line that are kept; there is one such line for each stream of each running step.
/// </param>
internal sealed class LineAssembler(int mostKept = 64 * 1024)
{
    private readonly Dictionary<Source, Unfinished> _unfinished = [];
    private ulong _openLine;
    private ulong _openBytes;
    private LogPiece _openPiece = new();

    /// <summary>The newest line that has no end yet, as far as it is kept; null: there is none.</summary>
    public (LogPiece Piece, ReadOnlyMemory<byte> Bytes)? Newest =>
        _unfinished.Values.MaxBy(line => line.Order) is { Kept: { } kept } newest ? (newest.Piece, kept.WrittenMemory) : null;

    /// <summary>
    /// Forgets what has begun, since it will not be continued; gives what ends the line that was shown in part, if there is
    /// one.
    /// </summary>
    public LinePart? Forget()
    {
        var open = _openLine == 0 ? (LinePart?)null : new LinePart(_openPiece, _openLine, default, Begins: false, Ends: true);
        (_openLine, _openBytes) = (0, 0);
        _unfinished.Clear();
        return open;
    }

    /// <summary>What can be shown after this piece; to be gone through before the next one is taken.</summary>
    /// <exception cref="InvalidDataException">The piece does not continue what came before.</exception>
    public IEnumerable<LinePart> Take(LogPiece piece)
    {
        var source = new Source(piece.Step, piece.Attempt, piece.Stream);
        if (piece.FirstLine == 0)
        {
            Keep(source, piece);
            return [];
        }

        return Parts(piece, source);
    }

    private IEnumerable<LinePart> Parts(LogPiece piece, Source source)
    {
        var (line, rest) = (piece.FirstLine, piece.Data.Memory);
        var begins = true;
        if (piece.Continued && (line != _openLine || piece.Offset != _openBytes))
        {
            var kept = _unfinished.GetValueOrDefault(source)?.Upto(piece.Offset);
            if (kept is not null)
            {
                yield return new LinePart(piece, line, kept.WrittenMemory, Begins: true, Ends: false);
            }

            begins = kept is null;
        }
        else if (piece.Continued)
        {
            begins = false;
        }
        else if (_openLine != 0)
        {
            throw new InvalidDataException($"the server sent line {line} before the end of line {_openLine}");
        }

        _unfinished.Remove(source);
        var missing = begins ? piece.Offset : 0;
        do
        {
            var newline = rest.Span.IndexOf((byte)'\n');
            var bytes = newline >= 0 ? rest[..newline] : rest;
            rest = newline >= 0 ? rest[(newline + 1)..] : default;
            var ends = newline >= 0 || !piece.Unfinished;
            (_openLine, _openBytes) = ends ? (0, 0) : (line, (line == piece.FirstLine ? piece.Offset : 0) + (ulong)bytes.Length);
            _openPiece = piece;
            yield return new LinePart(piece, line, bytes, begins, ends, missing);
            (begins, missing) = (true, 0);
            line++;
        }
        while (!rest.IsEmpty);
    }

    private void Keep(Source source, LogPiece piece)
    {
        if (!piece.Continued || !_unfinished.TryGetValue(source, out var line))
        {
            _unfinished[source] = line = new Unfinished(mostKept);
        }

        line.Add(piece);
        line.Order = _unfinished.Values.Max(other => other.Order) + 1;
    }

    private readonly record struct Source(uint Step, uint Attempt, LogStream Stream);

    private sealed class Unfinished(int mostKept)
    {
        /// <summary>Null: what came is not all at hand.</summary>
        public ArrayBufferWriter<byte>? Kept { get; private set; } = new();

        public LogPiece Piece { get; private set; } = new();

        public int Order { get; set; }

        public void Add(LogPiece piece)
        {
            Piece = piece;
            if (Kept is not null && (ulong)Kept.WrittenCount == piece.Offset && Kept.WrittenCount + piece.Data.Length <= mostKept)
            {
                Kept.Write(piece.Data.Span);
            }
            else
            {
                Kept = null;
            }
        }

        /// <summary>The line's first bytes; null: not all of them are at hand.</summary>
        public ArrayBufferWriter<byte>? Upto(ulong length) => (ulong?)Kept?.WrittenCount == length ? Kept : null;
    }
}
