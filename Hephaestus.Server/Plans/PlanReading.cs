using System.Collections.Immutable;

namespace Hephaestus.Server.Plans;

/// <summary>What reading a plan's text gave: the plan, or null and at least one error.</summary>
internal sealed record PlanReading(Plan? Plan, ImmutableArray<Diagnostic> Diagnostics)
{
    /// <summary>No plan, for a reason that concerns the file as a whole.</summary>
    public static PlanReading Refused(string reason) => new(null, [new Diagnostic(Severity.Error, 0, 0, reason)]);
}
