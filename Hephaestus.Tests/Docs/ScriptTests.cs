using System.Diagnostics;
using Hephaestus.Protocol;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Docs;

/// <summary>The scripts as a new user meets them.</summary>
public sealed class ScriptTests
{
    [Theory]
    [InlineData("chaos")]
    [InlineData("fuzz")]
    [InlineData("install")]
    [InlineData("make-certs")]
    [InlineData("publish")]
    [InlineData("run")]
    [InlineData("test")]
    [InlineData("uninstall")]
    public async Task A_script_tells_how_it_is_used(string script)
    {
        using var home = new ScriptHome();

        var result = await home.RunAsync(script, "--help");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains($"scripts/{script}", result.Out);
        Assert.DoesNotContain("set -euo", result.Out);
    }

    [Theory]
    [InlineData("--what")]
    [InlineData("--port")]
    [InlineData("--port", "many")]
    [InlineData("samples")]
    public async Task Run_refuses_what_it_does_not_understand(params string[] arguments)
    {
        using var home = new ScriptHome();

        var result = await home.RunAsync("run", arguments);

        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("scripts/run: ", result.Err, StringComparison.Ordinal);
        Assert.Empty(result.Out);
    }

    [Theory]
    [InlineData("hello", 0, "----> Plan ended: OK")]
    [InlineData("recovery", ExitCodes.PlanNotOk, "----> Plan ended: NOK")]
    [InlineData("none", ExitCodes.Refused, "Ready: listening on")]
    public async Task Run_follows_a_plan_to_its_end_and_leaves_nothing(string plan, int exitCode, string printed)
    {
        using var home = new ScriptHome();

        var result = await home.RunAsync("run", "samples", plan);

        Assert.Equal(exitCode, result.ExitCode);
        Assert.Contains(printed, result.Out);
        home.AssertNothingLeft();
    }

    [Fact]
    public async Task Run_cancels_the_plan_when_it_is_interrupted_and_leaves_nothing()
    {
        using var home = new ScriptHome();
        using var process = home.Start("run", "samples", "long");
        var complained = process.StandardError.ReadToEndAsync();
        string? line;
        do
        {
            line = await process.StandardOutput.ReadLineAsync().DefaultTimeout();
        }
        while (line?.EndsWith("line 1 of 40", StringComparison.Ordinal) == false);

        // As a terminal does: to all of the foreground at once.
        Signals.Send(-process.Id, Signals.Interrupt);
        await process.StandardOutput.ReadToEndAsync().DefaultTimeout();
        await process.WaitForExitAsync().DefaultTimeout();

        Assert.Equal(ExitCodes.Interrupted, process.ExitCode);
        Assert.Contains("scripts/run: cancelling execution 1", await complained);
        home.AssertNothingLeft();
    }

    /// <summary>What scripts work in: the programs under test, and a directory of its own for temporary files.</summary>
    private sealed class ScriptHome : IDisposable
    {
        private readonly string _directory = Directory.CreateTempSubdirectory("hephaestus-").FullName;

        public ScriptHome()
        {
            Directory.CreateDirectory(Temporary);
            Directory.CreateDirectory(Programs);
            File.CreateSymbolicLink(Path.Combine(Programs, "hephaestus"), EndToEnd.Programs.Server);
            File.CreateSymbolicLink(Path.Combine(Programs, "hephaestus-cli"), EndToEnd.Programs.Cli);
        }

        private string Temporary => Path.Combine(_directory, "tmp");

        private string Programs => Path.Combine(_directory, "bin");

        public async Task<CliResult> RunAsync(string script, params string[] arguments)
        {
            using var process = Start(script, arguments);
            var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync().DefaultTimeout();
            return new CliResult(process.ExitCode, await output, await error);
        }

        /// <summary>In a process group of its own, and open to SIGINT, whatever the tests are run by.</summary>
        public Process Start(string script, params string[] arguments)
        {
            var path = Path.Combine(EndToEnd.Programs.Root, "scripts", script);
            var start = new ProcessStartInfo("env", ["--default-signal=INT", "setsid", path, .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment["HEPHAESTUS_BIN"] = Programs;
            start.Environment["TMPDIR"] = Temporary;
            return Process.Start(start)!;
        }

        /// <summary>Neither files nor processes.</summary>
        public void AssertNothingLeft()
        {
            Assert.Empty(Directory.EnumerateFileSystemEntries(Temporary));
            Assert.Empty(
                from process in Directory.EnumerateDirectories("/proc")
                where File.Exists(Path.Combine(process, "cmdline"))
                let arguments = CommandLine(process)
                where arguments.Contains(Temporary, StringComparison.Ordinal)
                select arguments);
        }

        public void Dispose() => Directory.Delete(_directory, recursive: true);

        private static string CommandLine(string process)
        {
            try
            {
                return File.ReadAllText(Path.Combine(process, "cmdline"));
            }
            catch (IOException)
            {
                return "";
            }
        }
    }
}
