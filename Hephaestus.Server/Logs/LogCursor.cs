using System.Collections.Immutable;

namespace Hephaestus.Server.Logs;

/// <summary>A position in a log: everything before it has been delivered.</summary>
/// <param name="Line">From 1; the line to be delivered next.</param>
/// <param name="Offset">Bytes of that line already delivered.</param>
/// <param name="Unfinished">Lines delivered in part before they had a number.</param>
/// <param name="Generation">Of <see cref="LogGenerations"/>, in which it was handed out, from 1; 0: not known.</param>
internal sealed record LogCursor(long Line, long Offset, ImmutableArray<DeliveredPart> Unfinished, int Generation = 0)
{
    public static LogCursor Beginning { get; } = new(1, 0, []);
}

/// <summary>The part of a line without a number that was delivered.</summary>
/// <param name="Start">Offset in the source's file where the line begins.</param>
/// <param name="Offset">Bytes of it delivered.</param>
internal readonly record struct DeliveredPart(LogSource Source, long Start, long Offset);

/// <summary>The position asked for lies beyond the log, or in a part that was lost.</summary>
/// <param name="next">The line with which whoever held the position goes on: what precedes it has been delivered.</param>
internal sealed class LogPositionException(string message, long next) : Exception(message)
{
    public long Next { get; } = next;
}
