using System.Diagnostics;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Limits;

/// <summary>A test of a server that runs as a user without rights: by root, where that user may run the built programs.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OtherUserFactAttribute : FactAttribute
{
    /// <summary>A user of no name; the limit of processes counts all of one user's.</summary>
    public const int User = 54_321;

    public OtherUserFactAttribute() => Skip = !Environment.IsPrivilegedProcess ? "only root can run a server as another user"
        : MayRun() ? null
        : $"a user without rights may not run {Programs.Server}";

    /// <summary>The command that makes the rest of the line that user's.</summary>
    public static string As => $"setpriv --reuid {User} --regid {User} --clear-groups";

    private static bool MayRun()
    {
        using var process = Process.Start("/bin/bash", ["-c", $"{As} test -x \"$1\" && {As} \"$1\" --version >/dev/null 2>&1", "bash", Programs.Server]);
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
