using System.Collections.Immutable;

namespace Hephaestus.Server.Plans;

/// <summary>What reading a plan's text gave: the plan, or null and at least one error.</summary>
internal sealed record PlanReading(Plan? Plan, ImmutableArray<Diagnostic> Diagnostics);
