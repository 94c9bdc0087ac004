using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Supervision;

/// <summary>
/// Kills server or supervisor at a crash point when a step has ended: whoever comes next makes the end what it would have
/// been.
/// </summary>
public sealed class CrashAtEndTests
{
    /// <summary>Reached when step one has ended, or a later one; with a number, for the so-manieth time since the start.</summary>
    public static TheoryData<string> Points =>
    [
        "ended", "pump-drained", "pump-drained:2", "drained", "settling", "told", "unlinked", "settling:4", "told:4", "unlinked:4",
        "committed:3", "published:3", "end-committed", "end-published", "journal-committing:6", "journal-committed:6",
        "remark-written:3", "remark-written:4", "pump-spliced:4", "pump-indexed:6", "fifos-made:2", "spawned:2",
        "supervisor-recorded", "supervisor-recorded:4", "supervisor-status:2", "supervisor-fifos:3",
        "supervisor-answering:4",
    ];

    [Theory]
    [MemberData(nameof(Points))]
    public async Task A_crash_when_a_step_has_ended_changes_nothing(string point)
    {
        await using var walk = await Walk.StartAsync(point);
        await walk.ExecuteAsync();
        await walk.PassAsync();
        await walk.EndedAsync();
        await walk.Survivor.CrashedAsync();
        await walk.AssertRanAsync();
    }
}
