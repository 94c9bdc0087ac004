namespace Hephaestus.Server.Logs;

/// <summary>Some of a log's pieces, and where to go on after them.</summary>
/// <param name="Pieces">Their bytes stay only until the next batch is asked for.</param>
internal sealed record LogBatch(IReadOnlyList<LogPiece> Pieces, LogCursor Next);

/// <summary>Consecutive lines of one source that were completed at one time, or a part of one line.</summary>
/// <param name="FirstLine">Number of the first line; 0: it has none yet.</param>
/// <param name="Data">The bytes as the program wrote them, with their newlines.</param>
/// <param name="Offset">Where this piece begins within its first line, in bytes.</param>
/// <param name="Unfinished">The last line goes on in a later piece of the same source.</param>
/// <param name="NoNewline">The last line ended without a newline.</param>
/// <param name="Late">Printed by a process that outlived its step.</param>
internal readonly record struct LogPiece(
    LogSource Source,
    DateTimeOffset Time,
    long FirstLine,
    ReadOnlyMemory<byte> Data,
    long Offset,
    bool Unfinished,
    bool NoNewline,
    bool Late)
{
    /// <summary>The first line began in an earlier piece.</summary>
    public bool Continued => Offset > 0;
}
