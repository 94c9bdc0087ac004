using System.Runtime.InteropServices;

namespace Hephaestus.Server.Supervision;

/// <summary>
/// What Hephaestus asks of the C library and the kernel that .NET does not offer; there is no P/Invoke elsewhere. The
/// parts: signals (here), processes, files.
/// </summary>
internal static partial class Libc
{
    public const int SIGKILL = 9;
    public const int SIGTERM = 15;

    [LibraryImport("libc", SetLastError = true)]
    public static partial int kill(int pid, int signal);
}
