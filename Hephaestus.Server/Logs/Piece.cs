namespace Hephaestus.Server.Logs;

/// <summary>What a record says of a source's bytes, before its lines have numbers.</summary>
/// <param name="LineStart">Offset where the first line that ends here, or else the unfinished one, begins.</param>
/// <param name="Lines">Lines that end here.</param>
/// <param name="NextLineStart">Offset where the line after those begins.</param>
/// <param name="Show">Whether followers see the unfinished line behind those at once.</param>
internal readonly record struct Piece(
    LogSource Source,
    long Start,
    long End,
    long LineStart,
    long Lines,
    long NextLineStart,
    RecordFlags Flags,
    DateTimeOffset Time,
    bool Show)
{
    /// <summary>The unfinished line that followers are to see.</summary>
    public UnfinishedTail? Tail => Show && NextLineStart < End
        ? new UnfinishedTail(Source, NextLineStart, End, Time, (Flags & RecordFlags.Late) != 0)
        : null;

    public IndexRecord Record(long firstLine, long previous) =>
        new((Time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond, Start, End, firstLine, LineStart, previous, Source, Flags);
}

/// <summary>How far the index covers a source.</summary>
/// <param name="Length">Bytes of its file.</param>
/// <param name="LineStart">Offset where its unfinished line begins, or the next will.</param>
/// <param name="LastLine">Its newest record in which a line ends, from 1; 0: none.</param>
internal readonly record struct SourceEnd(long Length, long LineStart, long LastLine);
