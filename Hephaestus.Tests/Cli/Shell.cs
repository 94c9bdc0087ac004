using System.Diagnostics;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Cli;

/// <summary>Runs the built program from a shell, where it is <c>$CLI</c>.</summary>
internal static class Shell
{
    public static Task<CliResult> RunAsync(string script, params (string Name, string Value)[] environment) =>
        RunAsync(Programs.Bash, ["-c", script], environment);

    /// <summary>Runs it on a terminal of its own; what that was sent is the output.</summary>
    public static Task<CliResult> OnTerminalAsync(string script, params (string Name, string Value)[] environment) =>
        RunAsync("script", ["-qec", script, "/dev/null"], [("TERM", "xterm"), ("SHELL", Programs.Bash), .. environment]);

    private static async Task<CliResult> RunAsync(string program, string[] arguments, (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["CLI"] = EndToEnd.Programs.Cli, ["NO_COLOR"] = "" },
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().DefaultTimeout();
        return new CliResult(process.ExitCode, await output.DefaultTimeout(), await error.DefaultTimeout());
    }

    private static class Programs
    {
        public const string Bash = "/bin/bash";
    }
}
