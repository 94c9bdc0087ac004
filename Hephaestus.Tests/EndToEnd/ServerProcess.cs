using System.Diagnostics;
using System.Text;
using Hephaestus.Server.Facts;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>The built server as a process.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _said = new();
    private readonly StringBuilder _errors = new();
    private readonly Latest<int> _lines = new(0);
    private readonly Task _reading;
    private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _disposed;

    private ServerProcess(Process process)
    {
        _process = process;
        Pid = process.Id;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput, null), ReadAsync(process.StandardError, _errors));
    }

    /// <summary>The server's own, also where a script has started it; that is known once it is ready.</summary>
    public int Pid { get; private set; }

    /// <summary>For example http://127.0.0.1:41234.</summary>
    public string Address { get; private set; } = "";

    /// <summary>All that it printed so far.</summary>
    public string Said => Text(_said);

    /// <summary>What of it went to standard error.</summary>
    public string Errors => Text(_errors);

    /// <summary>What of that is no warning about how it was configured: who runs these tests makes a difference there.</summary>
    public string[] Troubles =>
    [
        .. Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.StartsWith("hephaestus: warning: ", StringComparison.Ordinal)),
    ];

    /// <summary>Completes when it has printed this.</summary>
    public async Task SaysAsync(string text)
    {
        for (var (_, version) = _lines.Current; !Said.Contains(text, StringComparison.Ordinal); (_, version) = _lines.Current)
        {
            await _lines.NextAsync(version, CancellationToken.None).DefaultTimeout();
        }
    }

    /// <summary>Starts a server and waits until it listens.</summary>
    public static async Task<ServerProcess> StartAsync(ServerHome home, params (string Name, string Value)[] environment)
    {
        var server = Launch(home, environment);
        if (!await server.IsReadyAsync())
        {
            Assert.Fail($"The server did not start:\n{server.Said}");
        }

        return server;
    }

    /// <summary>Completes when it listens; false: it has ended.</summary>
    public async Task<bool> IsReadyAsync()
    {
        if (await Task.WhenAny(_ready.Task, _reading).DefaultTimeout() != _ready.Task)
        {
            return false;
        }

        Address = await _ready.Task;
        var said = int.Parse(Said.Split('\n').First(line => line.StartsWith("Hephaestus ", StringComparison.Ordinal)).Split(' ')[^1]);

        // The first process of a container, which is not that of this machine: whoever made the container is its parent.
        Pid = said == 1 ? Server.Supervision.ProcessTable.Read().Single(process => process.Parent == _process.Id).Pid : said;
        return true;
    }

    /// <summary>Starts a server that is not expected to get as far as listening.</summary>
    public static ServerProcess Launch(ServerHome home, params (string Name, string Value)[] environment) =>
        Launch(home, [Programs.Server, home.Configuration], environment);

    /// <summary>Starts a bash script that starts the server; its process is the script's.</summary>
    public static ServerProcess LaunchBy(ServerHome home, string script) =>
        Launch(home, ["/bin/bash", "-c", script, "bash", Programs.Server, home.Configuration]);

    private static ServerProcess Launch(ServerHome home, string[] command, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = home.Directory,
        };
        start.Environment[Remnants.Mark] = home.Directory;
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new ServerProcess(Process.Start(start)!);
    }

    /// <summary>Asks it to stop, as a service manager does; gives the exit code.</summary>
    public async Task<int> StopAsync()
    {
        Signals.Send(Pid, Signals.Terminate);
        return await ExitedAsync();
    }

    public async Task KillAsync()
    {
        await Remnants.GoneAsync(Pid, Signals.Kill);
        await ExitedAsync();
    }

    /// <summary>It has ended, by itself or not.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Waits for its end; gives the exit code (137: SIGKILL).</summary>
    public async Task<int> ExitedAsync()
    {
        await _process.WaitForExitAsync().DefaultTimeout();
        await _reading.DefaultTimeout();
        return _process.ExitCode;
    }

    /// <summary>Can be repeated: whoever started it and its home both do.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private string Text(StringBuilder said)
    {
        lock (_said)
        {
            return said.ToString();
        }
    }

    private async Task ReadAsync(StreamReader from, StringBuilder? apart)
    {
        while (await from.ReadLineAsync() is { } line)
        {
            lock (_said)
            {
                _said.AppendLine(line);
                apart?.AppendLine(line);
                _lines.Set(_lines.Value + 1);
            }

            if (line.StartsWith("Ready", StringComparison.Ordinal))
            {
                _ready.TrySetResult(line.Split(' ').First(word => word.StartsWith("http", StringComparison.Ordinal)));
            }
        }
    }
}
