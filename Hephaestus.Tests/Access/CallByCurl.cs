using System.Diagnostics;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Access;

/// <summary>Calls by a client that shares nothing with this project: curl, which any user may run.</summary>
internal static class CallByCurl
{
    /// <summary>Cancels an execution with an id below 128; gives the answer's headers and trailers, or nothing if no connection came about.</summary>
    /// <param name="before">What is put in front of curl, to be another user.</param>
    public static async Task<string> CancelAsync(uint id, string address, string before = "", params string[] arguments)
    {
        string[] command =
        [
            "-c", $"printf '\\0\\0\\0\\0\\2\\10\\{Convert.ToString(id, 8)}' | {before} curl \"$@\"", "bash",
            "--silent", "--http2-prior-knowledge", "--max-time", "60", "-H", "content-type: application/grpc", "-H", "te: trailers",
            "--data-binary", "@-", "--dump-header", "-", "--output", "/dev/null", .. arguments,
            $"{address}/hephaestus.Hephaestus/CancelExecution",
        ];
        using var process = Process.Start(new ProcessStartInfo("/bin/bash", command) { RedirectStandardOutput = true })!;
        var answer = await process.StandardOutput.ReadToEndAsync().DefaultTimeout();
        await process.WaitForExitAsync().DefaultTimeout();
        return answer;
    }
}
