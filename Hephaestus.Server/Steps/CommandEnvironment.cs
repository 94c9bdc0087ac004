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

    /// <summary>
    /// What systemd tells the server about itself, see systemd.exec(5): sockets that are the server's to talk to, its
    /// secrets, its directories. A step that took them for its own would answer in the server's name.
    /// </summary>
    private static readonly string[] s_servers =
    [
        "NOTIFY_SOCKET", "FDSTORE", "CREDENTIALS_DIRECTORY", "JOURNAL_STREAM", "LOG_NAMESPACE", "INVOCATION_ID", "MAINPID",
        "MANAGERPID", "MANAGERPIDFDID", "SYSTEMD_EXEC_PID",
        "RUNTIME_DIRECTORY", "STATE_DIRECTORY", "CACHE_DIRECTORY", "LOGS_DIRECTORY", "CONFIGURATION_DIRECTORY",
    ];

    private static readonly string[] s_serversPrefixes = ["HEPHAESTUS_", "LISTEN_", "WATCHDOG_", "MEMORY_PRESSURE_"];

    /// <summary>
    /// The server's own variables, but for what concerns it alone (for another user only the search path, language and time zone: the rest may hold what
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
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Select(entry => KeyValuePair.Create((string)entry.Key, (string?)entry.Value ?? ""))
            .Where(variable => otherUser ? PassedOn(variable.Key) : !IsServers(variable.Key));

    private static bool IsServers(string name) =>
        s_servers.Contains(name) || s_serversPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));

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
