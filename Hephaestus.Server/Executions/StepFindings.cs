using Hephaestus.Server.Plans;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Executions;

/// <summary>What would keep the steps of a plan from starting, in words. Pure.</summary>
internal static class StepFindings
{
    /// <summary>For so many missing directories a step that may make it is looked for: each search reads the whole plan.</summary>
    private const int MostSearches = 1000;

    public static IEnumerable<PlanFinding> Of(Plan plan, IReadOnlyDictionary<SpawnPlace, SpawnOutlook> places)
    {
        var homes = new HashSet<string>(StringComparer.Ordinal);
        var searches = 0;
        foreach (var step in plan.Steps)
        {
            var outlook = places[PlanExamination.PlaceOf(step)];
            if (outlook.UserFault is { } fault)
            {
                yield return new(Severity.Error, step.UserAt, step.Name, fault);
                continue;
            }

            if (outlook.Directory is { } obstacle)
            {
                var maker = obstacle.IsMissing && searches++ < MostSearches ? MakerOf(plan, step) : null;
                yield return Directory(step, obstacle, maker);
            }

            if (outlook.ProgramFault is { } refused)
            {
                yield return new(Severity.Error, step.At, step.Name, $"{refused}; bash runs all steps, install it");
            }

            if (outlook is { Home: { } home, Account: { } account } && homes.Add(account.Name))
            {
                yield return new(
                    Severity.Warning,
                    step.UserAt,
                    step.Name,
                    $"the home directory {Spelling.Quote(account.Home)} {home.Describe(account.Name)}; programs that keep files in HOME will fail");
            }
        }
    }

    /// <summary>An earlier step whose command names the directory: it may make it before this one runs.</summary>
    private static PlanStep? MakerOf(Plan plan, PlanStep step) => plan.Steps.Take(step.Number - 1)
        .FirstOrDefault(earlier => earlier.Command.Contains(step.WorkingDirectory!, StringComparison.Ordinal));

    private static PlanFinding Directory(PlanStep step, DirectoryObstacle obstacle, PlanStep? maker)
    {
        var directory = step.WorkingDirectory!;
        var advice = maker is not null ? $"unless the step '{maker.Name}' makes it, this step will fail"
            : directory.StartsWith('~') || directory.Contains('$') ? "it is taken as it is written: no shell expands it"
            : obstacle.IsMissing ? "make it, or correct cwd"
            : "correct it, or cwd";
        return new(
            maker is null ? Severity.Error : Severity.Warning,
            step.WorkingDirectoryAt,
            step.Name,
            $"the working directory {Spelling.Quote(directory)} {obstacle.Describe(step.User)}; {advice}");
    }
}
