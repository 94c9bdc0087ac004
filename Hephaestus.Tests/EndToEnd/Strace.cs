using System.Diagnostics;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>strace, where it is installed and may be used: it tells in which order a process asked the kernel for what.</summary>
internal static class Strace
{
    private const string Program = "/usr/bin/strace";

    private static readonly Lazy<bool> s_works = new(Try);

    /// <summary>
    /// Why its tests are left out; null: they are not. On a machine that checks submissions (CI=true) they fail rather than
    /// be left out.
    /// </summary>
    public static string? Missing =>
        s_works.Value || Environment.GetEnvironmentVariable("CI") == "true" ? null : "strace is not installed, or may not be used";

    /// <summary>The command that runs "$@" and writes what is asked of the kernel about files and sockets to a file.</summary>
    public static string Tracing(string file) =>
        $"exec {Program} -f --seccomp-bpf -yy -xx -s 65536 -o {file} "
        + "-e trace=fsync,fdatasync,splice,pwrite64,sendto,sendmsg \"$@\"";

    private static bool Try()
    {
        if (!File.Exists(Program))
        {
            return false;
        }

        using var process = Process.Start(new ProcessStartInfo(Program, ["-f", "--seccomp-bpf", "-e", "trace=fsync", "/bin/true"])
        {
            RedirectStandardError = true,
        })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}

/// <summary>A test that needs strace.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class StraceFactAttribute : FactAttribute
{
    public StraceFactAttribute() => Skip = Strace.Missing;
}
