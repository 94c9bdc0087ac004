using System.Runtime.InteropServices;

namespace Hephaestus.Server.Supervision;

/// <summary>
/// What Hephaestus asks of the C library and the kernel that .NET does not offer; there is no P/Invoke elsewhere. The
/// parts: signals (here), processes, users, files, the status of files.
/// </summary>
internal static partial class Libc
{
    public const int SIGHUP = 1;
    public const int SIGINT = 2;
    public const int SIGKILL = 9;
    public const int SIGTERM = 15;
    public const int SIGCHLD = 17;

    private const nint SIG_DFL = 0;
    private const nint SIG_IGN = 1;

    /// <summary>From now on the signal does to this process what the kernel's default is.</summary>
    public static void Default(int number) => _ = signal(number, SIG_DFL);

    /// <summary>From now on the signal does nothing to this process.</summary>
    public static void Ignore(int number) => _ = signal(number, SIG_IGN);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int kill(int pid, int signal);

    [LibraryImport("libc")]
    private static partial nint signal(int number, nint handler);
}
