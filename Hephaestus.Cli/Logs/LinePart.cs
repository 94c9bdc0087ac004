using Hephaestus.Protocol;

namespace Hephaestus.Cli.Logs;

/// <summary>A line of a log, or a part of one. The parts of a line follow each other; no other line comes between them.</summary>
/// <param name="Piece">The piece that it, or its end, came in: whose output it is, and when.</param>
/// <param name="Line">Its number, from 1.</param>
/// <param name="Bytes">Without the newline.</param>
/// <param name="Begins">The line begins with it.</param>
/// <param name="Ends">The line ends with it.</param>
/// <param name="Missing">Bytes of the line before these that are not at hand and have to be read again; else 0.</param>
internal readonly record struct LinePart(
    LogPiece Piece, ulong Line, ReadOnlyMemory<byte> Bytes, bool Begins, bool Ends, ulong Missing = 0);

/// <summary>Shows lines.</summary>
internal interface ILogLines
{
    /// <summary>Shows a line or a part of one, whose <see cref="LinePart.Missing"/> is 0.</summary>
    void Write(in LinePart part);
}
