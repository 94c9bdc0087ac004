using System.Text.RegularExpressions;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Supervision;

/// <summary>The walk over the crash points leaves none out.</summary>
public sealed partial class CrashPointTests
{
    [Fact]
    public void Every_crash_point_of_the_source_is_walked()
    {
        var inSource =
            from file in Directory.EnumerateFiles(Path.Combine(Programs.Root, "Hephaestus.Server"), "*.cs", SearchOption.AllDirectories)
            from Match reach in Reach().Matches(File.ReadAllText(file))
            select reach.Groups[1].Value;
        IEnumerable<object[]>[] walks =
        [
            CrashWhileRunningTests.Points, CrashAtEndTests.Points, CrashAtCancelTests.Points, CrashAtSuccessionTests.Points,
            CrashAtRemovalTests.Points,
        ];
        var walked = walks.SelectMany(points => points).Select(row => ((string)row[0]).Split(':')[0]).Append("supervisor-spawning");

        Assert.Equal(inSource.Distinct().Order(), walked.Distinct().Order());
    }

    [GeneratedRegex("CrashPoint\\.Reach\\(\"([^\"]+)\"\\)")]
    private static partial Regex Reach();
}
