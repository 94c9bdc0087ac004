using System.Text.RegularExpressions;
using Hephaestus.Protocol;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Supervision;

/// <summary>
/// Kills server or supervisor at each of their crash points, while a step runs, when it has ended and when it is
/// cancelled: whoever comes next makes the end what it would have been.
/// </summary>
public sealed partial class CrashWalkTests
{
    /// <summary>Reached before step one comes to its gate: from the start on, or the so-manieth time.</summary>
    public static TheoryData<string> WhileAStepRuns =>
    [
        "accepted", "log-directory", "log-created", "remark-written", "remark-written:2", "pump-indexed:3", "pump-spliced",
        "journal-committing", "journal-committed", "journal-committing:2", "journal-committed:2", "journal-committing:3",
        "journal-committed:3", "journal-committing:4", "committed", "published", "committed:2", "published:2", "fifos-made", "spawned",
        "supervisor-listening", "supervisor-status", "supervisor-fifos", "supervisor-spawned", "supervisor-answering",
    ];

    /// <summary>Reached when step one has ended, or a later one.</summary>
    public static TheoryData<string> WhenAStepHasEnded =>
    [
        "ended", "pump-drained", "pump-drained:2", "drained", "settling", "told", "unlinked", "settling:4", "told:4", "unlinked:4",
        "committed:3", "published:3", "committed:9", "published:9", "journal-committing:6", "journal-committed:6",
        "remark-written:3", "remark-written:4", "pump-spliced:4", "pump-indexed:6", "fifos-made:2", "spawned:2",
        "supervisor-recorded", "supervisor-recorded:4", "supervisor-status:2", "supervisor-fifos:3",
        "supervisor-answering:4",
    ];

    /// <summary>Reached from the order to cancel on.</summary>
    public static TheoryData<string> WhenAStepIsCancelled =>
    [
        "cancelling", "terminated", "killed", "ended", "pump-drained", "drained", "settling", "told", "unlinked",
        "committed:3", "published:3", "committed:4", "published:5", "committed:6", "published:6", "journal-committing:5",
        "journal-committed:5", "remark-written:3", "remark-written:5", "pump-indexed:5", "supervisor-recorded",
    ];

    [Theory]
    [MemberData(nameof(WhileAStepRuns))]
    public async Task A_crash_while_a_step_runs_changes_nothing(string point)
    {
        await using var walk = await Walk.StartAsync(point);
        await walk.ExecuteAsync();
        await walk.Survivor.CrashedAsync();
        await walk.RunsAsync();
        await walk.PassAsync();
        await walk.AssertRanAsync();
    }

    [Theory]
    [MemberData(nameof(WhenAStepHasEnded))]
    public async Task A_crash_when_a_step_has_ended_changes_nothing(string point)
    {
        await using var walk = await Walk.StartAsync(point);
        await walk.ExecuteAsync();
        await walk.PassAsync();
        await walk.EndedAsync();
        await walk.Survivor.CrashedAsync();
        await walk.AssertRanAsync();
    }

    [Theory]
    [MemberData(nameof(WhenAStepIsCancelled))]
    public async Task A_crash_when_a_step_is_cancelled_changes_nothing(string point)
    {
        await using var walk = await Walk.StartAsync(point);
        await walk.ExecuteAsync();
        await walk.Gate.ArrivedAsync();
        await walk.CancelAsync();
        await walk.EndedAsync();
        await walk.Survivor.CrashedAsync();
        await walk.AssertCancelledAsync();
    }

    [Fact]
    public async Task A_step_whose_supervisor_is_killed_just_before_there_is_a_process_is_lost_and_not_started_again()
    {
        await using var walk = await Walk.StartAsync("supervisor-spawning");
        await walk.ExecuteAsync();
        await walk.Survivor.CrashedAsync();

        var execution = await walk.EndedAsync();

        Assert.Equal([State.Lost, State.DidNotRun, State.DidNotRun, State.Ok], execution.Steps.Select(step => step.State));
        Assert.Contains("supervisor was killed", execution.Steps[0].Outcome.Reason);
        Assert.Equal(State.Lost, execution.State);
        Assert.Equal(["four"], walk.Ran());
        await walk.AssertNothingIsLeftAsync();
    }

    [Fact]
    public void Every_crash_point_of_the_source_is_walked()
    {
        var inSource =
            from file in Directory.EnumerateFiles(Path.Combine(Programs.Root, "Hephaestus.Server"), "*.cs", SearchOption.AllDirectories)
            from Match reach in Reach().Matches(File.ReadAllText(file))
            select reach.Groups[1].Value;
        IEnumerable<object[]>[] walks = [WhileAStepRuns, WhenAStepHasEnded, WhenAStepIsCancelled];
        var walked = walks.SelectMany(points => points).Select(row => ((string)row[0]).Split(':')[0]).Append("supervisor-spawning");

        Assert.Equal(inSource.Distinct().Order(), walked.Distinct().Order());
    }

    [GeneratedRegex("CrashPoint\\.Reach\\(\"([^\"]+)\"\\)")]
    private static partial Regex Reach();
}
