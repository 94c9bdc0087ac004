using Hephaestus.Protocol;
using Hephaestus.Tests.Chaos.Acts;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Chaos.Observers;

/// <summary>The command line program, following an execution to its end; it takes up broken connections by itself.</summary>
internal sealed class CliFollower(uint id, Stage stage)
{
    public uint Execution => id;

    /// <summary>What it printed; null: it has not ended.</summary>
    public CliResult? Result { get; private set; }

    public async Task RunAsync(CancellationToken end)
    {
        do
        {
            await stage.UpAsync(end);
            Result = await RunAsync(["--hostname", $"unix://{stage.Home.Socket}", "status", "--id", $"{id}", "--follow"], end);
        }
        while (IsNeverReached(Result));
    }

    /// <summary>A server that is not there at the first call is not waited for.</summary>
    private static bool IsNeverReached(CliResult result) => result is { ExitCode: ExitCodes.Refused, Out: "" };

    private static async Task<CliResult> RunAsync(string[] arguments, CancellationToken end)
    {
        using var process = CliProcess.Start(arguments);
        try
        {
            var (output, error) = (process.StandardOutput.ReadToEndAsync(end), process.StandardError.ReadToEndAsync(end));
            await process.WaitForExitAsync(end);
            return new CliResult(process.ExitCode, await output, await error);
        }
        finally
        {
            process.Kill();
        }
    }
}
