using System.Text;
using Hephaestus.Server.Plans;

namespace Hephaestus.Tests.Plans;

/// <summary>Reads texts as plans and looks at what was said about them.</summary>
internal static class PlanTexts
{
    /// <summary>The plan tag that every text needs.</summary>
    public const string PlanTag = "<plan id=\"p\"></plan>\n";

    public static PlanReading Read(string text) => PlanParser.Parse(Encoding.UTF8.GetBytes(text));

    /// <summary>The plan of a text that is right.</summary>
    public static Plan Plan(string text)
    {
        var reading = Read(text);
        Assert.Empty(reading.Diagnostics);
        return Assert.IsType<Plan>(reading.Plan);
    }

    /// <summary>The only step of a text that is right, given without the plan tag.</summary>
    public static PlanStep Step(string text) => Assert.Single(Plan(PlanTag + text).Steps);

    /// <summary>What is said about a text that cannot run: one "line:column: message" each.</summary>
    public static string[] Errors(string text)
    {
        var reading = Read(text);
        Assert.Null(reading.Plan);
        return [.. reading.Diagnostics.Where(d => d.Severity == Severity.Error).Select(d => $"{d.Line}:{d.Column}: {d.Message}")];
    }

    /// <summary>The same about a text that can.</summary>
    public static string[] Warnings(string text)
    {
        var reading = Read(text);
        Assert.NotNull(reading.Plan);
        Assert.All(reading.Diagnostics, d => Assert.Equal(Severity.Warning, d.Severity));
        return [.. reading.Diagnostics.Select(d => $"{d.Line}:{d.Column}: {d.Message}")];
    }
}
