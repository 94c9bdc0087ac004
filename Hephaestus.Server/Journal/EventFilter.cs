using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Executions;

namespace Hephaestus.Server.Journal;

/// <summary>Which events a watcher wants.</summary>
/// <param name="Set">Only of this set; empty: all.</param>
/// <param name="Plan">Only of plans of this name; empty: all.</param>
/// <param name="Execution">Only of this one; 0: all.</param>
internal sealed record EventFilter(string Set = "", string Plan = "", uint Execution = 0)
{
    /// <summary>Everything.</summary>
    public static EventFilter All { get; } = new();

    /// <summary>Only of sets that are among these.</summary>
    public SetGlobs Reach { get; init; } = SetGlobs.All;

    /// <summary>Whether the watcher wants this one.</summary>
    public bool Passes(ExecutionEvent happened) =>
        (Set.Length == 0 || Set == happened.Set)
        && Reach.Covers(happened.Set)
        && (Plan.Length == 0 || Plan == happened.Plan)
        && (Execution == 0 || Execution == happened.Execution);
}

/// <summary>A bounded piece of the events after a position.</summary>
/// <param name="Events">Those that pass the filter, ascending; may be empty before the end is reached.</param>
/// <param name="Through">Every event up to this sequence number was looked at: the position to read on from.</param>
/// <param name="Complete">Nothing followed in the journal at the time of the read.</param>
/// <param name="Pruned">Retention took events after the position: nobody can read on from it without a gap.</param>
internal sealed record EventPage(IReadOnlyList<ExecutionEvent> Events, long Through, bool Complete, bool Pruned = false);
