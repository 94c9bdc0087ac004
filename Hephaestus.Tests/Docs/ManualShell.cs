using System.Diagnostics;
using System.Text.RegularExpressions;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Docs;

/// <summary>Runs what the manual shows for typing in, with the built programs.</summary>
internal static partial class ManualShell
{
    /// <summary>
    /// Runs a block by bash, each of its lines having to succeed; a comment at its end may name another exit code than 0. Gives
    /// what it printed.
    /// </summary>
    public static async Task<string> RunAsync(string block, string directory)
    {
        var start = new ProcessStartInfo("bash", ["-e", "-c", block])
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] =
            $"{Path.GetDirectoryName(Programs.Cli)}:{Path.GetDirectoryName(Programs.Server)}:{start.Environment["PATH"]}";
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().DefaultTimeout();
        var expected = ExitCode.Match(block) is { Success: true } named ? int.Parse(named.Groups[1].Value) : 0;
        Assert.True(process.ExitCode == expected, $"{block}ended with {process.ExitCode}:\n{await output}{await error}");
        return await output + await error;
    }

    [GeneratedRegex(@"# exit code (\d+)\n\z")]
    private static partial Regex ExitCode { get; }
}
