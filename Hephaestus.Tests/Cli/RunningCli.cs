using System.Diagnostics;
using System.Text;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Cli;

/// <summary>The built program while it runs.</summary>
internal sealed class RunningCli : IAsyncDisposable
{
    private readonly Process _process;
    private readonly List<string> _lines = [];
    private readonly StringBuilder _said = new();
    private readonly Task<string> _error;

    private RunningCli(Process process)
    {
        _process = process;
        _error = ReadErrorAsync();
    }

    public int Pid => _process.Id;

    public static RunningCli Start(params string[] arguments) => new(CliProcess.Start(arguments));

    /// <summary>Reads on until a line holds a text.</summary>
    public async Task<string> LineAsync(string text)
    {
        while (await NextLineAsync() is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new Xunit.Sdk.XunitException($"no line holds '{text}':\n{string.Join('\n', _lines)}\n{await _error}");
    }

    public void Send(int signal) => Signals.Send(Pid, signal);

    /// <summary>Waits for its end; all that it printed.</summary>
    public async Task<CliResult> EndAsync()
    {
        while (await NextLineAsync() is not null)
        {
        }

        await _process.WaitForExitAsync().DefaultTimeout();
        return new CliResult(_process.ExitCode, string.Concat(_lines.Select(line => line + "\n")), await _error.DefaultTimeout());
    }

    private async Task<string?> NextLineAsync()
    {
        try
        {
            var line = await _process.StandardOutput.ReadLineAsync().DefaultTimeout();
            _lines.AddRange(line is null ? [] : [line]);
            return line;
        }
        catch (TimeoutException)
        {
            throw new Xunit.Sdk.XunitException($"nothing comes after:\n{string.Join('\n', _lines)}\n{Said}");
        }
    }

    private string Said
    {
        get
        {
            lock (_said)
            {
                return _said.ToString();
            }
        }
    }

    private async Task<string> ReadErrorAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            lock (_said)
            {
                _said.Append(line).Append('\n');
            }
        }

        return Said;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync().DefaultTimeout();
        }

        _process.Dispose();
    }
}
