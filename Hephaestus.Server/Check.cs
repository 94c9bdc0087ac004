using Hephaestus.Protocol;
using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Checks;
using Hephaestus.Server.Configuration;
using Hephaestus.Server.Plans;
using Hephaestus.Server.Supervision;
using PlanStep = Hephaestus.Server.Plans.PlanStep;

namespace Hephaestus.Server;

/// <summary>
/// <c>hephaestus --check</c>: tells what a start with this configuration would find, without starting or making
/// anything: errors of the configuration, of every plan and of the state directory, warnings, and commands that the first
/// server read otherwise.
/// </summary>
internal static class Check
{
    /// <summary>Prints findings, one a line; the exit code.</summary>
    public static int Run(string? configuration)
    {
        var (settings, problems) = ServerSettings.Read(configuration);
        foreach (var problem in problems)
        {
            Say(problem);
        }

        if (settings is null)
        {
            return ExitCodes.Usage;
        }

        foreach (var warning in Exposure.Of(settings, Environment.IsPrivilegedProcess))
        {
            Console.Out.WriteLine($"warning: {warning}");
        }

        var delegation = Delegation.Find(settings.Cgroup);
        Say(delegation.Said);
        if (delegation.IsFault)
        {
            return ExitCodes.Usage;
        }

        if (settings.PlanTrust == TrustMode.Off)
        {
            Console.Out.WriteLine($"warning: {PlanTrust.Off}");
        }

        var snapshot = Rules(settings).Scan(CatalogueScan.None).Snapshot;
        var entries = snapshot.Sets.Values.SelectMany(set => set.Plans.Values).ToArray();
        foreach (var line in snapshot.Problems.Select(problem => $"{problem.Path}: {problem.Message}").Concat(entries.SelectMany(Findings)))
        {
            Say(line);
        }

        if (settings.Retention.Removes)
        {
            Say($"logs of ended executions go by {string.Join(", ", settings.Retention.Describe())}");
        }

        var broken = entries.Count(entry => entry.Reading.Plan is null);
        Say($"{Startup.Counted(entries.Length, "plan")} in {Startup.Counted(snapshot.Sets.Count, "plan set")}, {broken} with errors");
        var sound = broken == 0 && snapshot.Problems.IsEmpty;
        foreach (var finding in new StateCheck(settings.StateDirectory).Run())
        {
            Say(finding);
            sound &= !finding.IsError;
        }

        return sound ? ExitCodes.Done : ExitCodes.CheckFailed;
    }

    private static RuleDirectory Rules(ServerSettings settings) =>
        new(settings.RuleDirectory, TimeProvider.System, PlanTrust.OfThisProcess(settings.PlanTrust));

    private static IEnumerable<string> Findings(CatalogueEntry entry) =>
        entry.Reading.Diagnostics.Select(found => Kind(found.Severity) + found.Format(entry.File))
            .Concat(entry.Reading.Plan?.Steps.SelectMany(step => Differences(entry, step)) ?? []);

    private static string Kind(Severity severity) => severity == Severity.Error ? "error: " : "warning: ";

    /// <summary>One line a step and reason: of a long script nearly every line reads differently.</summary>
    private static IEnumerable<string> Differences(CatalogueEntry entry, PlanStep step) =>
        from difference in OldReading.Differences(step.Command)
        group difference.Line by difference.Reason into lines
        let place = $"{entry.File}:{step.FirstLine + lines.First() - 1}"
        select $"reads differently: {place}: step {Spelling.Quote(step.Name)}: {lines.Key}{More(lines.Count() - 1)}";

    private static void Say(object line) => Console.Out.WriteLine(LogLines.Plain($"{line}"));

    private static string More(int lines) => lines == 0 ? "" : $" (and {Startup.Counted(lines, "more line")} of it)";
}
