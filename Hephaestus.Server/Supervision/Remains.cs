using Hephaestus.Server.Supervision.Protocol;

namespace Hephaestus.Server.Supervision;

/// <summary>What an attempt whose own process has ended has left, as far as that is known without its supervisor.</summary>
internal static class Remains
{
    /// <summary>Whether processes are left of its group, of its session or of its control group.</summary>
    public static bool Of(Attempt attempt) =>
        attempt.OwnCgroup() is { IsPopulated: true }
        || (attempt.Pid > 0 && ProcessTable.MayHold(attempt.StartTicks) && ProcessTable.Read().Any(process => Bears(process, attempt)));

    /// <summary>Where <see cref="Of"/> looks.</summary>
    public static string Places(Attempt attempt) =>
        attempt.OwnCgroup() is null ? "group and session" : "group, session and control group";

    /// <summary>The kernel gives an id out again when nothing bears it any more.</summary>
    private static bool Bears(ProcessEntry process, Attempt attempt) =>
        (process.Session == attempt.Pid || process.Group == attempt.Pid) && process.StartTicks >= attempt.StartTicks;
}
