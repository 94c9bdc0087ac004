using System.Collections.Immutable;

namespace Hephaestus.Server.Logs;

/// <summary>What of a log is perhaps not on the disk.</summary>
/// <param name="Head">How far it has come.</param>
/// <param name="Outputs">Files that were written to, and their lengths.</param>
/// <param name="Remarks">Bytes of the remarks; 0: they are on the disk.</param>
/// <param name="Records">The index was written to.</param>
/// <param name="Names">Files were made.</param>
internal sealed record Unsynced(
    LogHead Head, ImmutableArray<(LogSource Source, string File, long Length)> Outputs, long Remarks, bool Records, bool Names);
