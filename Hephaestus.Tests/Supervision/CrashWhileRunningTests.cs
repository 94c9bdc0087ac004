using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Supervision;

/// <summary>
/// Kills server or supervisor at a crash point before a step has ended: whoever comes next makes the end what it would
/// have been.
/// </summary>
public sealed class CrashWhileRunningTests
{
    /// <summary>Reached before step one comes to its gate; with a number, for the so-manieth time since the start.</summary>
    public static TheoryData<string> Points =>
    [
        "accepted", "log-directory", "log-created", "remark-written", "remark-written:2", "pump-indexed:3", "pump-spliced",
        "journal-committing", "journal-committed", "journal-committing:2", "journal-committed:2", "journal-committing:3",
        "journal-committed:3", "journal-committing:4", "committed", "published", "committed:2", "published:2", "fifos-made", "spawned",
        "supervisor-listening", "supervisor-status", "supervisor-fifos", "supervisor-entered", "supervisor-spawned", "supervisor-answering",
    ];

    [Theory]
    [MemberData(nameof(Points))]
    public async Task A_crash_while_a_step_runs_changes_nothing(string point)
    {
        await using var walk = await Walk.StartAsync(point);
        await walk.ExecuteAsync();
        await walk.Survivor.CrashedAsync();
        await walk.RunsAsync();
        await walk.PassAsync();
        await walk.AssertRanAsync();
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
}
