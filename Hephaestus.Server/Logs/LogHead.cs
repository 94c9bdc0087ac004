using System.Collections.Immutable;

namespace Hephaestus.Server.Logs;

/// <summary>How far a log has come; all of it is in the files.</summary>
/// <param name="Records">Records in the index.</param>
/// <param name="Lines">Lines completed.</param>
/// <param name="Unfinished">Lines that have been unfinished for so long that they are shown as they are.</param>
/// <param name="Complete">The execution has ended; late output may still come.</param>
internal sealed record LogHead(long Records, long Lines, ImmutableArray<UnfinishedTail> Unfinished, bool Complete);

/// <summary>The last line of a source, without its end.</summary>
/// <param name="Start">Offset in the source's file where it begins.</param>
/// <param name="End">Offset after its last byte; beyond <paramref name="Start"/>.</param>
internal sealed record UnfinishedTail(LogSource Source, long Start, long End, DateTimeOffset Time, bool Late);
