using System.Diagnostics;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>What a run of the built command line program gave.</summary>
internal sealed record CliResult(int ExitCode, string Out, string Err)
{
    public string[] Lines => Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>Runs the built command line program.</summary>
internal static class CliProcess
{
    public static async Task<CliResult> RunAsync(ServerProcess server, params string[] arguments) =>
        await RunAsync(["--hostname", server.Address, .. arguments]);

    public static Task<CliResult> RunAsync(params string[] arguments) => RunAsync([], arguments);

    public static async Task<CliResult> RunAsync((string Name, string Value)[] environment, params string[] arguments)
    {
        using var process = Start(environment, arguments);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().DefaultTimeout();
        return new CliResult(process.ExitCode, await output, await error);
    }

    /// <summary>
    /// Starts it to be watched; the caller ends it. SIGINT ends it also where the tests run in the background of a script:
    /// there it is ignored, which processes inherit.
    /// </summary>
    public static Process Start(params string[] arguments) => Start([], arguments);

    private static Process Start((string Name, string Value)[] environment, string[] arguments)
    {
        string[] command =
        [
            "--default-signal=INT", "-u", "HEPHAESTUS_HOST", "-u", "HEPHAESTUS_TOKEN",
            .. environment.Select(variable => $"{variable.Name}={variable.Value}"),
            Programs.Cli, .. arguments,
        ];
        return Process.Start(new ProcessStartInfo("env", command)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
    }

    /// <summary>Runs a plan to its end; gives its id.</summary>
    public static async Task<uint> ExecAsync(ServerProcess server, string set, string name)
    {
        var result = await RunAsync(server, "exec", "--set", set, "--name", name, "--wait");
        return IdIn(result);
    }

    /// <summary>The id at the end of the line that exec prints.</summary>
    public static uint IdIn(CliResult result)
    {
        var line = result.Lines.FirstOrDefault(line => line.Contains("id: ", StringComparison.Ordinal));
        Assert.True(line is not null, $"exec printed no id: exit {result.ExitCode}\n{result.Out}\n{result.Err}");
        return uint.Parse(line[(line.LastIndexOf("id: ", StringComparison.Ordinal) + 4)..]);
    }
}
