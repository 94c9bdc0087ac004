using System.Globalization;
using Hephaestus.Tests.Chaos.Acts;
using Hephaestus.Tests.Chaos.Checks;

namespace Hephaestus.Tests.Chaos;

/// <summary>What was done and checked, over all rounds.</summary>
internal sealed class Figures
{
    private readonly SortedDictionary<string, int> _acts = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _ends = new(StringComparer.Ordinal);

    public int Rounds { get; set; }

    public int FailedRounds { get; set; }

    public int Executions { get; set; }

    public int Attempts { get; set; }

    /// <summary>Of output, in files.</summary>
    public long Bytes { get; set; }

    /// <summary>Of output, in files.</summary>
    public long Lines { get; set; }

    /// <summary>Delivered to followers.</summary>
    public long Followed { get; set; }

    public int Followers { get; set; }

    public int Connections { get; set; }

    /// <summary>Delivered to watchers.</summary>
    public long Events { get; set; }

    /// <summary>Outputs that nobody held for a while, so that nothing is to be said of them.</summary>
    public int Orphans { get; set; }

    public int Failures { get; set; }

    public void Did(Act act) => Count(_acts, act switch
    {
        Act.Kill { Victim: var victim } => $"SIGKILL {victim}",
        Act.KillStarting => "SIGKILL Server that starts",
        Act.Terminate { Victim: var victim } => $"SIGTERM {victim}",
        Act.Suspend { Victim: var victim } => $"SIGSTOP {victim}",
        _ => act.GetType().Name,
    });

    public void Tell(Story story)
    {
        Executions++;
        Attempts += story.Attempts.Count;
        foreach (var attempt in story.Attempts)
        {
            Count(_ends, $"{attempt.Outcome?.Cause}");
        }
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"""
        rounds:                       {Rounds}, with failures: {FailedRounds}
        acts:                         {Listed(_acts)}
        executions:                   {Executions}
        attempts:                     {Attempts}, ended: {Listed(_ends)}
        output checked:               {Bytes} bytes, {Lines} lines (left out: {Orphans} outputs that nobody held for a while)
        followers:                    {Followers}, with {Connections} connections
        lines delivered and checked:  {Followed}
        events delivered and checked: {Events}
        failures:                     {Failures}
        """);

    private static void Count(SortedDictionary<string, int> figures, string name) =>
        figures[name] = figures.GetValueOrDefault(name) + 1;

    private static string Listed(SortedDictionary<string, int> figures) =>
        string.Join(", ", figures.Select(figure => $"{figure.Key} {figure.Value}"));
}
