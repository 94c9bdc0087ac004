using System.Collections.Immutable;
using Hephaestus.Server.Catalogue;

namespace Hephaestus.Server.Journal;

/// <summary>A page of executions, newest first.</summary>
/// <param name="Limit">At most this many rows; at least 1.</param>
/// <param name="Before">Only ids below this one: the last id of the page before; null: from the newest.</param>
/// <param name="Set">Only this set; empty: all.</param>
/// <param name="Plan">Only plans of this name; empty: all.</param>
/// <param name="States">Only these; none (or default): all.</param>
/// <param name="ListedOnly">Only those that were not dumped and whose log retention has kept.</param>
internal sealed record ExecutionQuery(
    int Limit,
    uint? Before = null,
    string Set = "",
    string Plan = "",
    ImmutableArray<State> States = default,
    bool ListedOnly = false)
{
    /// <summary>Only sets that are among these.</summary>
    public SetGlobs Reach { get; init; } = SetGlobs.All;
}
