using System.Collections.Immutable;
using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Journal;
using Hephaestus.Server.Plans;

namespace Hephaestus.Server.Executions;

/// <summary>A wish to run a plan.</summary>
/// <param name="Entry">Without errors.</param>
/// <param name="Parameters">Variables that the plan declares.</param>
/// <param name="Id">The same wish bears the same id, however often it is told; empty: it is told once.</param>
internal sealed record ExecutionRequest(CatalogueEntry Entry, ImmutableArray<Variable> Parameters, string Id, Asker Asker);

/// <summary>Who asks for an execution.</summary>
/// <param name="By">As statuses and logs name them.</param>
/// <param name="Call">Their call, for the audit; the execution that it began is added to it.</param>
internal sealed record Asker(string By, AuditEntry Call);

/// <summary>What became of a wish that was accepted.</summary>
/// <param name="IsNew">False: the same wish had been accepted before.</param>
internal sealed record AcceptedExecution(ExecutionState State, bool IsNew);

/// <summary>The plan runs already, and says that it does not overlap with itself.</summary>
internal sealed class OverlapException(uint running) : Exception($"the plan runs already, as execution {running}, and its overlap is \"skip\"")
{
    public uint Running { get; } = running;
}

/// <summary>What would become of a wish to run a plan.</summary>
/// <param name="Refusal">Why it would be refused; null: it would not.</param>
/// <param name="Turn">What it would find otherwise.</param>
internal sealed record AdmissionOutlook(Exception? Refusal, TurnOutlook Turn);
