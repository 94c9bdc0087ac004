using System.Diagnostics;

namespace Hephaestus.Tests.Supervision;

/// <summary>A test with a second user of its own: by root, where it may mount.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SecondUserFactAttribute : FactAttribute
{
    public SecondUserFactAttribute() => Skip = !Environment.IsPrivilegedProcess ? "only a server that runs as root can run steps as another user"
        : MayMount() ? null
        : "unshare --mount is not allowed here, so that a second user cannot be made without changing the machine";

    private static bool MayMount()
    {
        using var process = Process.Start("/bin/bash", ["-c", "unshare --mount mount --bind /etc/passwd /etc/passwd 2>/dev/null"]);
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
