using Hephaestus.Server.Plans;

namespace Hephaestus.Server.Executions;

/// <summary>What is to be said of a plan before it runs.</summary>
/// <param name="At">Where in its file; no line: not about the file.</param>
/// <param name="Step">The step that it is about; empty: none alone.</param>
internal sealed record PlanFinding(Severity Severity, TextPosition At, string Step, string Message)
{
    /// <summary>About the server, not the plan's file.</summary>
    public bool OfServer { get; init; }
}
