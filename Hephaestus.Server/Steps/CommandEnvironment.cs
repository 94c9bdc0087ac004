using System.Collections;
using System.Collections.Immutable;
using System.Globalization;

namespace Hephaestus.Server.Steps;

/// <summary>The environment variables of a step's command.</summary>
internal static class CommandEnvironment
{
    private static readonly string[] s_passedOn = ["PATH", "LANG", "LANGUAGE", "TZ"];

    /// <summary>
    /// The server's own variables (for another user only the search path, language and time zone: the rest may hold what
    /// that user must not read, and no parameters: what a caller says must not reach another user's shell), then
    /// Hephaestus's, then what the step sets, which wins.
    /// </summary>
    public static ImmutableArray<KeyValuePair<string, string>> Of(StepRun run)
    {
        var variables = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in Inherited(run.Step.User is not null)
            .Concat(Given(run)).Concat(Own(run)).Concat(Set(run)))
        {
            variables[name] = value;
        }

        return [.. variables];
    }

    private static IEnumerable<KeyValuePair<string, string>> Inherited(bool otherUser) =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Select(entry => KeyValuePair.Create((string)entry.Key, (string?)entry.Value ?? ""))
            .Where(variable => !variable.Key.StartsWith("HEPHAESTUS_", StringComparison.Ordinal))
            .Where(variable => !otherUser || PassedOn(variable.Key));

    private static bool PassedOn(string name) => s_passedOn.Contains(name) || name.StartsWith("LC_", StringComparison.Ordinal);

    private static IEnumerable<KeyValuePair<string, string>> Given(StepRun run) =>
        run.Step.User is null ? run.Parameters.Select(given => KeyValuePair.Create(given.Name, given.Value)) : [];

    private static IEnumerable<KeyValuePair<string, string>> Own(StepRun run) =>
    [
        new("HEPHAESTUS_SET", run.Label.Set),
        new("HEPHAESTUS_PLAN", run.Label.Plan),
        new("HEPHAESTUS_EXECUTION", run.Key.Execution.ToString(CultureInfo.InvariantCulture)),
        new("HEPHAESTUS_STEP", run.Step.Name),
        new("HEPHAESTUS_INSTANCE", run.Instance),
    ];

    private static IEnumerable<KeyValuePair<string, string>> Set(StepRun run) =>
        run.Step.Variables.Select(variable => KeyValuePair.Create(variable.Name, variable.Value));
}
