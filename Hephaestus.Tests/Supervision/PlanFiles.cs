using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Supervision;

/// <summary>Plans in short, all in the set "set".</summary>
internal static class PlanFiles
{
    /// <summary>A plan of one step, called "s".</summary>
    /// <param name="attributes">Of the step, beyond its name.</param>
    public static void Step(this ServerHome home, string plan, string command, string attributes = "") =>
        home.Steps(plan, $"<step name=\"s\" {attributes}>\n{command}\n</step>");

    public static void Steps(this ServerHome home, string plan, params string[] steps) =>
        home.Plan("set", plan, $"<plan id=\"{plan}\"></plan>\n{string.Join('\n', steps)}\n");

    /// <summary>What an attempt wrote to a stream: out or err.</summary>
    public static string Output(this ServerHome home, uint id, string stream = "out", int step = 1)
    {
        var file = Path.Combine(home.Log(id), $"{step:000}-1.{stream}");
        return File.Exists(file) ? File.ReadAllText(file) : "";
    }
}
