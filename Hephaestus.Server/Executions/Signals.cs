namespace Hephaestus.Server.Executions;

/// <summary>Names of signals on Linux (signal(7)), for people.</summary>
internal static class Signals
{
    private const int FirstRealTime = 34;

    private static readonly string[] s_names =
    [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
        "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO",
        "PWR", "SYS",
    ];

    /// <summary>For example <c>SIGKILL</c> for 9; <c>signal 99</c> for what has no name.</summary>
    public static string NameOf(int signal) => signal switch
    {
        > 0 when signal <= s_names.Length => "SIG" + s_names[signal - 1],
        FirstRealTime => "SIGRTMIN",
        > FirstRealTime and <= 64 => $"SIGRTMIN+{signal - FirstRealTime}",
        _ => $"signal {signal}",
    };
}
