using System.Diagnostics;
using System.Text;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Cli;

/// <summary>A shell command on a terminal of its own, which a test reads and types on.</summary>
internal sealed class RunningTerminal : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _sent = new();

    private RunningTerminal(Process process) => _process = process;

    /// <summary>All that the terminal was sent so far.</summary>
    public string Sent => _sent.ToString();

    public static RunningTerminal Start(string script) => new(Process.Start(new ProcessStartInfo("script", ["-qec", script, "/dev/null"])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        Environment = { ["CLI"] = Programs.Cli, ["NO_COLOR"] = "", ["TERM"] = "xterm", ["SHELL"] = "/bin/bash" },
    })!);

    /// <summary>Reads on until what was sent matches.</summary>
    public Task UntilAsync(string text) => ReadUntilAsync(text).DefaultTimeout();

    public void Type(string keys)
    {
        _process.StandardInput.Write(keys);
        _process.StandardInput.Flush();
    }

    /// <summary>Reads to the end; gives the exit code.</summary>
    public async Task<int> EndAsync()
    {
        await ReadToEndAsync().DefaultTimeout();
        await _process.WaitForExitAsync().DefaultTimeout();
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync().DefaultTimeout();
        }

        _process.Dispose();
    }

    private async Task ReadUntilAsync(string text)
    {
        while (!Sent.Contains(text, StringComparison.Ordinal))
        {
            Assert.True(await ReadAsync(), $"'{text}' was not sent:\n{Sent}");
        }
    }

    private async Task ReadToEndAsync()
    {
        while (await ReadAsync())
        {
        }
    }

    private async Task<bool> ReadAsync()
    {
        var buffer = new char[4096];
        var count = await _process.StandardOutput.ReadAsync(buffer.AsMemory());
        _sent.Append(buffer, 0, count);
        return count > 0;
    }
}
