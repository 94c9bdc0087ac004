using System.Collections;
using System.Collections.Immutable;
using System.Globalization;
using Hephaestus.Server.Plans;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Steps;

/// <summary>The environment variables of a step's command.</summary>
internal static class CommandEnvironment
{
    private static readonly string[] s_passedOn = ["PATH", "LANG", "LANGUAGE", "TZ"];

    /// <summary>Read once: the server never changes its own.</summary>
    private static readonly ImmutableArray<KeyValuePair<string, string>> s_inherited =
    [
        .. Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Select(entry => KeyValuePair.Create((string)entry.Key, (string?)entry.Value ?? ""))
            .Where(variable => !variable.Key.StartsWith("HEPHAESTUS_", StringComparison.Ordinal)),
    ];

    /// <summary>
    /// The server's own variables (for another user only the search path, language and time zone: the rest may hold what
    /// that user must not read, and no parameters: what a caller says must not reach another user's shell), then
    /// Hephaestus's, then what the step sets, which wins.
    /// </summary>
    public static ImmutableArray<KeyValuePair<string, string>> Of(StepRun run) =>
        Merged(Inherited(run.Step.User is not null).Concat(Own(run)).Concat(Planned(run.Label, run.Step, run.Parameters)));

    /// <summary>Of those what is known before it runs, but for what is the server's own; sorted by name.</summary>
    public static ImmutableArray<KeyValuePair<string, string>> Known(
        PlanLabel label, PlanStep step, ImmutableArray<Variable> parameters, Account? account) =>
        Merged((account?.Variables ?? []).Concat(Planned(label, step, parameters)));

    private static ImmutableArray<KeyValuePair<string, string>> Merged(IEnumerable<KeyValuePair<string, string>> all)
    {
        var variables = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in all)
        {
            variables[name] = value;
        }

        return [.. variables];
    }

    private static IEnumerable<KeyValuePair<string, string>> Inherited(bool otherUser) =>
        otherUser ? s_inherited.Where(variable => PassedOn(variable.Key)) : s_inherited;

    private static bool PassedOn(string name) => s_passedOn.Contains(name) || name.StartsWith("LC_", StringComparison.Ordinal);

    private static IEnumerable<KeyValuePair<string, string>> Own(StepRun run) =>
    [
        new("HEPHAESTUS_EXECUTION", run.Key.Execution.ToString(CultureInfo.InvariantCulture)),
        new("HEPHAESTUS_INSTANCE", run.Instance),
    ];

    private static IEnumerable<KeyValuePair<string, string>> Planned(
        PlanLabel label, PlanStep step, ImmutableArray<Variable> parameters) =>
    [
        .. step.User is null ? Pairs(parameters) : [],
        new("HEPHAESTUS_SET", label.Set),
        new("HEPHAESTUS_PLAN", label.Plan),
        new("HEPHAESTUS_STEP", step.Name),
        .. Pairs(step.Variables),
    ];

    private static IEnumerable<KeyValuePair<string, string>> Pairs(ImmutableArray<Variable> variables) =>
        variables.Select(variable => KeyValuePair.Create(variable.Name, variable.Value));
}
