using System.Collections.Immutable;
using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Plans;
using Hephaestus.Server.Steps;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Executions;

/// <summary>Looks at a plan as it would run now. Changes nothing.</summary>
internal sealed class PlanExamination(Acceptance acceptance, SpawnCheck spawns)
{
    /// <param name="entry">Without errors.</param>
    /// <param name="parameters">Those that would be given.</param>
    public async Task<PlanOutlook> ExamineAsync(
        CatalogueEntry entry, ImmutableArray<Variable> parameters, CancellationToken cancellation)
    {
        var plan = entry.Reading.Plan ?? throw new ArgumentException("The plan has errors.", nameof(entry));
        var places = await spawns.LookAsync(Shell.Path, plan.Steps.Select(PlaceOf), cancellation);
        var admission = acceptance.Look(new PlanKey(entry.Set, entry.Name), plan);
        var findings = AdmissionFindings.Of(plan, admission)
            .Concat(entry.Reading.Diagnostics.Select(Warning))
            .Concat(Parameters(plan, parameters))
            .Concat(places is null ? [Unseen()] : StepFindings.Of(plan, places));
        return new PlanOutlook(plan, admission, [.. findings.OrderByDescending(found => found.Severity)], places, parameters);
    }

    /// <summary>Where a step would be started.</summary>
    public static SpawnPlace PlaceOf(PlanStep step) => new(step.User, step.WorkingDirectory);

    private static PlanFinding Warning(Diagnostic found) =>
        new(found.Severity, new TextPosition(found.Line, found.Column), "", found.Message);

    private static IEnumerable<PlanFinding> Parameters(Plan plan, ImmutableArray<Variable> parameters) =>
        from name in plan.Parameters.Except(parameters.Select(given => given.Name), StringComparer.Ordinal)
        select new PlanFinding(Severity.Warning, plan.At, "", $"the parameter {name} is not given: commands see no such variable, unless setenv sets it");

    private static PlanFinding Unseen() => new(
        Severity.Error,
        default,
        "",
        $"users and directories did not answer within {SpawnCheck.Patience.TotalSeconds:0} s: a network filesystem or directory service hangs, and steps would")
    {
        OfServer = true,
    };
}

/// <summary>A plan as it would run now.</summary>
/// <param name="Findings">Errors first.</param>
/// <param name="Places">What was found where each step would be started; null: that could not be found out.</param>
internal sealed record PlanOutlook(
    Plan Plan,
    AdmissionOutlook Admission,
    ImmutableArray<PlanFinding> Findings,
    IReadOnlyDictionary<SpawnPlace, SpawnOutlook>? Places,
    ImmutableArray<Variable> Parameters)
{
    /// <summary>Whose the step's process would be; null: the server's own, or not known.</summary>
    public Account? AccountOf(PlanStep step) => Places?[PlanExamination.PlaceOf(step)].Account;
}
