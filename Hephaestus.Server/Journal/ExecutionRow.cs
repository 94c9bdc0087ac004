namespace Hephaestus.Server.Journal;

/// <summary>An execution in short, as lists show it; the whole state is the fold of its events.</summary>
/// <param name="State">Queued, Running, or how it ended.</param>
/// <param name="AcceptedAt">In µs.</param>
/// <param name="EndedAt">In µs; null: it has not ended.</param>
/// <param name="Dumped">Its log was written to a file.</param>
/// <param name="LogKept">Retention has not removed its log.</param>
internal sealed record ExecutionRow(
    uint Id,
    string Set,
    string Plan,
    string TagId,
    string File,
    string Instance,
    string BootId,
    DateTimeOffset AcceptedAt,
    State State,
    DateTimeOffset? EndedAt,
    bool Dumped,
    bool LogKept = true)
{
    /// <summary>Nothing of it will run any more.</summary>
    public bool Ended => EndedAt is not null;
}

/// <summary>What ShowPlans shows of an execution.</summary>
internal sealed record ListedExecution(uint Id, string Set, string Plan);
