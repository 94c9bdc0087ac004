using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Supervision;

/// <summary>
/// Kills server or supervisor at a crash point when a step is cancelled: whoever comes next makes the end what it would
/// have been.
/// </summary>
public sealed class CrashAtCancelTests
{
    /// <summary>Reached from the order to cancel on; with a number, for the so-manieth time since the start.</summary>
    public static TheoryData<string> Points =>
    [
        "cancelling", "terminated", "killed", "ended", "pump-drained", "drained", "settling", "told", "unlinked",
        "committed:3", "published:3", "committed:4", "published:4", "end-committed", "end-published", "journal-committing:5",
        "journal-committed:5", "remark-written:3", "remark-written:5", "pump-indexed:5", "supervisor-recorded",
    ];

    [Theory]
    [MemberData(nameof(Points))]
    public async Task A_crash_when_a_step_is_cancelled_changes_nothing(string point)
    {
        await using var walk = await Walk.StartAsync(point);
        await walk.ExecuteAsync();
        await walk.Gate.ArrivedAsync();
        await walk.RunsAsync();
        await walk.CancelAsync();
        await walk.EndedAsync();
        await walk.Survivor.CrashedAsync();
        await walk.AssertCancelledAsync();
    }
}
