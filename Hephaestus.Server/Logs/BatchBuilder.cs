using System.Buffers;

namespace Hephaestus.Server.Logs;

/// <summary>Gathers pieces up to a number of bytes, in memory that it rents while it is busy.</summary>
internal sealed class BatchBuilder(LogFiles files, int limit)
{
    /// <summary>What a piece counts beside its bytes, so that a batch of the shortest lines is bounded too.</summary>
    private const int PieceOverhead = 64;

    private readonly List<LogPiece> _pieces = [];
    private byte[]? _buffer;
    private int _used;

    public IReadOnlyList<LogPiece> Pieces => _pieces;

    /// <summary>Bytes that the next piece may have; 0: the batch is full.</summary>
    private int Room => Math.Max(limit - _used - (PieceOverhead * _pieces.Count), _pieces.Count == 0 ? 1 : 0);

    private byte[] Buffer => _buffer ??= ArrayPool<byte>.Shared.Rent(limit);

    public void Clear()
    {
        _pieces.Clear();
        _used = 0;
    }

    public void Release()
    {
        if (_buffer is { } buffer)
        {
            _buffer = null;
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>
    /// Takes as many of a record's lines as there is room for, from a byte within the line <paramref name="line"/> on. Only
    /// a line that is longer than a batch is cut.
    /// </summary>
    /// <returns>How many lines were ended and bytes taken; null: there is no room.</returns>
    public (long Lines, int Bytes)? Take(in IndexRecord record, long line, long from, long offset)
    {
        var room = Room;
        if (room == 0)
        {
            return null;
        }

        var data = Read(record.Source, from, (int)Math.Min(record.End - from, room));
        var atEnd = from + data.Length == record.End;
        var completes = atEnd && record.Completes;
        var whole = data.Span.LastIndexOf((byte)'\n') + 1;
        if (whole == 0 && !completes && (atEnd || _pieces.Count > 0))
        {
            return atEnd ? throw new InvalidDataException($"line {line} does not end where the log's index says") : null;
        }

        data = completes || whole == 0 ? data : data[..whole];
        var lines = data.Span.Count((byte)'\n') + (completes ? 1 : 0);
        Add(new LogPiece(record.Source, record.At, line, data, offset, lines == 0, completes, record.Late));
        return (lines, data.Length);
    }

    /// <summary>Takes bytes of a line that has no number yet.</summary>
    /// <returns>How many; null: there is no room.</returns>
    public int? Take(UnfinishedTail tail, long offset)
    {
        var from = tail.Start + offset;
        if (Room == 0)
        {
            return null;
        }

        var data = Read(tail.Source, from, (int)Math.Min(tail.End - from, Room));
        Add(new LogPiece(tail.Source, tail.Time, 0, data, offset, Unfinished: true, NoNewline: false, tail.Late));
        return data.Length;
    }

    /// <summary>Takes a piece whose bytes somebody else keeps; false: there is no room for all of it.</summary>
    public bool Take(in LogPiece piece)
    {
        var fits = piece.Data.Length <= Room;
        if (fits)
        {
            Add(piece);
        }

        return fits;
    }

    /// <summary>Counts a source's newlines between two offsets.</summary>
    public LineCount Count(LogSource source, long start, long end) => files.Count(source, start, end, Buffer);

    /// <summary>The offset behind so many of the lines that end in a record.</summary>
    public long AfterLines(in IndexRecord record, long lines)
    {
        var at = record.Start;
        while (true)
        {
            var chunk = Buffer.AsSpan(0, (int)Math.Min(Buffer.Length, record.End - at));
            files.Read(record.Source, at, chunk);
            var here = chunk.Count((byte)'\n');
            if (here >= lines || chunk.IsEmpty)
            {
                return at + After(chunk, lines);
            }

            (at, lines) = (at + chunk.Length, lines - here);
        }
    }

    private static int After(ReadOnlySpan<byte> chunk, long lines)
    {
        var at = 0;
        for (; lines > 0; lines--)
        {
            var next = chunk[at..].IndexOf((byte)'\n');
            at += next >= 0 ? next + 1 : throw new InvalidDataException("a line does not end where the log's index says");
        }

        return at;
    }

    private Memory<byte> Read(LogSource source, long from, int count)
    {
        var data = Buffer.AsMemory(_used, count);
        files.Read(source, from, data.Span);
        return data;
    }

    private void Add(in LogPiece piece)
    {
        _pieces.Add(piece);
        _used += piece.Data.Length;
    }
}
