using Hephaestus.Server.Plans;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Executions;

/// <summary>What would keep the steps of a plan from starting, in words. Pure.</summary>
internal static class StepFindings
{
    public static IEnumerable<PlanFinding> Of(Plan plan, IReadOnlyDictionary<SpawnPlace, SpawnOutlook> places)
    {
        var homes = new HashSet<string>(StringComparer.Ordinal);
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
                yield return Directory(plan, step, obstacle);
            }

            if (outlook.ProgramFault is { } refused)
            {
                yield return new(Severity.Error, step.At, step.Name, $"{refused}{As(step)}; steps are run by bash, install it");
            }

            if (outlook is { Home: { } home, Account: { } account } && homes.Add(account.Name))
            {
                yield return new(
                    Severity.Warning,
                    step.UserAt,
                    step.Name,
                    $"HOME of the user '{account.Name}', {account.Home}, {home.Reason}; programs that keep files there will fail");
            }
        }
    }

    private static PlanFinding Directory(Plan plan, PlanStep step, DirectoryObstacle obstacle)
    {
        var directory = step.WorkingDirectory!;
        var maker = obstacle.IsMissing
            ? plan.Steps.Take(step.Number - 1).FirstOrDefault(earlier => earlier.Command.Contains(directory, StringComparison.Ordinal))
            : null;
        var advice = maker is not null ? $"unless the step '{maker.Name}' makes it, this step will fail"
            : directory.StartsWith('~') || directory.Contains('$') ? "it is taken as it is written: no shell expands it"
            : obstacle.IsMissing ? "make it, or correct cwd"
            : "correct it, or cwd";
        return new(
            maker is null ? Severity.Error : Severity.Warning,
            step.WorkingDirectoryAt,
            step.Name,
            $"the working directory {Spelling.Quote(directory)} {obstacle.Reason}{(obstacle.IsMissing ? "" : As(step))}; {advice}");
    }

    private static string As(PlanStep step) => step.User is null ? "" : $", by the user '{step.User}'";
}
