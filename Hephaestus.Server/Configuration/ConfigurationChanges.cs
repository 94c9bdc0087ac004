using Hephaestus.Protocol.Configuration;
using Hephaestus.Server.Access;
using Microsoft.Extensions.Logging;

namespace Hephaestus.Server.Configuration;

/// <summary>Takes in what has changed in a configuration, and says so, each thing once. Not thread-safe.</summary>
/// <param name="path">For what is said.</param>
internal sealed class ConfigurationChanges(string path, SettingsReading start, LiveAccess access, ILogger log)
{
    private HashSet<string> _warned = Lines(start.Problems);
    private string[] _faults = [];
    private string _waiting = "";

    /// <summary>Nothing of what was judged last was refused.</summary>
    public bool AreIn => _faults.Length == 0;

    /// <summary>Takes in a configuration without errors.</summary>
    public void Judge(Protocol.Configuration.Configuration configuration)
    {
        var reading = ServerSettingsReader.Read(path, configuration, Surroundings.OfThisProcess());
        string[] faults = [.. Faults(reading)];
        if (faults.Length > 0)
        {
            SayBroken(faults);
            return;
        }

        if (!AreIn)
        {
            log.LogWarning("{File} has no errors any more", path);
            _faults = [];
        }

        SayWarnings(reading);
        TakeIn(reading.Settings!.Access);
        SayWaiting(configuration);
    }

    /// <summary>To open a server to everybody takes more than a file that lacks something.</summary>
    private IEnumerable<string> Faults(SettingsReading reading) => reading.Settings switch
    {
        null => reading.Problems.Where(problem => problem.IsError).Select(problem => problem.ToString()),
        { Access.Grants: null } when access.Rules.Value.Grants is not null =>
        [
            $"{path}: {AccessKeys.Prefix}*: no rule is set any more; say {AccessKeys.Prefix}anonymous = operator if everybody "
            + "who reaches the server may run plans, or restart it",
        ],
        _ => [],
    };

    private void SayBroken(string[] faults)
    {
        foreach (var fault in faults.Except(_faults))
        {
            log.LogError("Not taken in, the rules of access stay as they are: {Fault}", fault);
        }

        _faults = faults;
    }

    private void SayWarnings(SettingsReading reading)
    {
        var warnings = Lines(reading.Problems);
        foreach (var warning in warnings.Except(_warned))
        {
            log.LogWarning("{Warning}", warning);
        }

        _warned = warnings;
    }

    private void TakeIn(AccessRules rules)
    {
        var (before, now) = (access.Rules.Value.Describe(), rules.Describe());
        if (!before.SequenceEqual(now))
        {
            access.Set(rules);
            string[] changes = [.. now.Except(before), .. before.Except(now).Select(gone => $"no longer {gone}")];
            log.LogWarning("{File}: rules of access taken in: {Changes}", path, string.Join("; ", changes));
        }
    }

    /// <summary>Other keys than rules of access are read at a start only.</summary>
    private void SayWaiting(Protocol.Configuration.Configuration configuration)
    {
        var changed = configuration.Entries.Concat(start.Source.Entries).Select(entry => entry.Key).Distinct()
            .Where(key => SettingKeys.IsKnown(key) && !AccessKeys.IsRule(key))
            .Where(key => configuration.Find(key)?.Value != start.Source.Find(key)?.Value)
            .Order(StringComparer.Ordinal)
            .ToArray();
        var waiting = string.Join('\n', changed.Select(key => $"{key} = {configuration.Find(key)?.Value}"));
        if (changed.Length > 0 && waiting != _waiting)
        {
            log.LogWarning("{File}: changed, which counts from the next start on: {Keys}", path, string.Join(", ", changed));
        }

        _waiting = waiting;
    }

    private static HashSet<string> Lines(IEnumerable<ConfigurationProblem> problems) => [.. problems.Select(problem => problem.ToString())];
}
