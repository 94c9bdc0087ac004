using System.Globalization;
using Hephaestus.Tests.Chaos.Plans;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Chaos.Checks;

/// <summary>What the commands themselves left behind: who ran, and who printed all that it had to.</summary>
internal sealed class Witness(ServerHome home)
{
    /// <summary>Process ids of all runs of a step, in the order in which they began.</summary>
    public IReadOnlyList<uint> RunsOf(uint execution, int step) => File.Exists(FileOf(execution, step))
        ? [.. File.ReadAllLines(FileOf(execution, step)).Select(line => uint.Parse(line, CultureInfo.InvariantCulture))]
        : [];

    /// <summary>Which run of its step an attempt was, by its process id; 0: it did not get as far as to bear witness.</summary>
    public int RunOf(Attempt attempt) => Array.IndexOf([.. RunsOf(attempt.Story.Id, attempt.Step.Number)], attempt.Pid) + 1;

    public bool HasPrintedAll(Attempt attempt) =>
        File.Exists($"{FileOf(attempt.Story.Id, attempt.Step.Number)}.{RunOf(attempt)}.printed");

    private string FileOf(uint execution, int step) => Path.Combine(home.Directory, Script.Witness, $"{execution}-{step}");
}
