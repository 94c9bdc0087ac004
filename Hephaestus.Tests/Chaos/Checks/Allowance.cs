using Hephaestus.Tests.Chaos.Acts;
using Hephaestus.Tests.Chaos.Plans;

namespace Hephaestus.Tests.Chaos.Checks;

/// <summary>What the death of a supervisor excuses.</summary>
internal sealed class Allowance(Chronicle chronicle)
{
    /// <summary>Between a process and what is known of it, on a loaded machine.</summary>
    private static readonly TimeSpan s_margin = TimeSpan.FromSeconds(5);

    /// <summary>
    /// An attempt may be lost whose supervisor was killed while it ran, where no server held its process then and on to its
    /// end: there was none for a while, or it was being started.
    /// </summary>
    public bool MayBeLost(Attempt attempt) => KillsDuring(attempt).Any(kill =>
        attempt.Started is null
        || kill.From <= attempt.Started.Time.ToDateTimeOffset() + s_margin
        || chronicle.Absences.Any(absence => absence.Meets(kill.From, EndOf(attempt))));

    /// <summary>
    /// Nobody held the FIFOs of an attempt for a while: its supervisor was killed, and there was no server. Then what it
    /// printed may be gone, and writing may have ended it.
    /// </summary>
    public bool WasOrphaned(Attempt attempt) => KillsDuring(attempt).Any(kill =>
        chronicle.Absences.Any(absence => absence.To >= kill.From && absence.Meets(attempt.From, EndOf(attempt))));

    private IEnumerable<Stretch> KillsDuring(Attempt attempt) =>
        chronicle.SupervisorKills.Where(kill => kill.Meets(attempt.From, EndOf(attempt)));

    /// <summary>When all that it printed was taken. What it left behind prints later, nobody knows when.</summary>
    private static DateTimeOffset EndOf(Attempt attempt) =>
        attempt.Ended is { } ended && !attempt.Step.Script.Deeds.Any(deed => deed is Deed.PrintLate)
        ? ended.Time.ToDateTimeOffset() + s_margin
        : DateTimeOffset.MaxValue;
}
