using System.Runtime.InteropServices;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>Signals to processes that a test started.</summary>
internal static partial class Signals
{
    public const int Interrupt = 2;
    public const int Kill = 9;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    public static void Send(int pid, int signal) => Assert.Equal(0, kill(pid, signal));

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}
