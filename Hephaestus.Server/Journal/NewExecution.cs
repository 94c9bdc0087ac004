using System.Collections.Immutable;
using Hephaestus.Server.Executions;

namespace Hephaestus.Server.Journal;

/// <summary>What the journal needs to know of an execution to accept it.</summary>
/// <param name="Accepted">Its first event; set, plan and the tag's id are taken from it.</param>
/// <param name="Following">Events of the same commit, as <see cref="ExecutionFact.Started"/>; may be empty.</param>
/// <param name="File">The plan's file, as messages name it.</param>
/// <param name="PlanText">The plan as read: what runs, is resumed and is shown.</param>
/// <param name="Instance">The random HEPHAESTUS_INSTANCE of its steps.</param>
/// <param name="BootId">The boot it was accepted in.</param>
/// <param name="RequestId">Of all that bear the same one only the first is accepted; empty: it bears none.</param>
internal sealed record NewExecution(
    ExecutionFact.Accepted Accepted,
    ImmutableArray<ExecutionFact> Following,
    string File,
    ReadOnlyMemory<byte> PlanText,
    string Instance,
    string BootId,
    string RequestId = "")
{
    /// <summary>The call that it answers, for the audit, in the same commit; null: none.</summary>
    public AuditEntry? Call { get; init; }
}
