using System.Collections.Immutable;
using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Plans;

namespace Hephaestus.Server.Executions;

/// <summary>A wish to run a plan.</summary>
/// <param name="Entry">Without errors.</param>
/// <param name="Parameters">Variables that the plan declares.</param>
/// <param name="Id">The same wish bears the same id, however often it is told; empty: it is told once.</param>
internal sealed record ExecutionRequest(CatalogueEntry Entry, ImmutableArray<Variable> Parameters, string Id);

/// <summary>The plan runs already, and says that it does not overlap with itself.</summary>
internal sealed class OverlapException(uint running) : Exception($"the plan runs already, as execution {running}, and its overlap is \"skip\"")
{
    public uint Running { get; } = running;
}

/// <summary>What would become of a wish to run a plan.</summary>
/// <param name="Refusal">Why it would be refused; null: it would not.</param>
/// <param name="Turn">What it would find otherwise.</param>
internal sealed record AdmissionOutlook(Exception? Refusal, TurnOutlook Turn);
