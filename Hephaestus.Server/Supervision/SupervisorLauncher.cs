using System.Collections;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Supervision;

/// <summary>Starts a supervisor: this program in its other mode.</summary>
internal static class SupervisorLauncher
{
    private const int LargestLog = 64 * 1024;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <summary>Completes when it can be connected to. False: it ended at once, since another one is there or about to go.</summary>
    /// <exception cref="SupervisorException">It cannot be started, or is not ready after 30 s.</exception>
    public static async Task<bool> StartAsync(
        string program, string stateDirectory, Action<int> started, CancellationToken cancellation)
    {
        var (reader, writer) = Libc.Pipe();
        using (reader)
        {
            started(Spawn(program, stateDirectory, writer));
            return await ReadyAsync(reader, cancellation);
        }
    }

    private static int Spawn(string program, string stateDirectory, SafeFileHandle ready)
    {
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Select(variable => $"{variable.Key}={variable.Value}")
            // Nobody debugs it: without this it has three more threads and a socket in /tmp.
            .Append("DOTNET_EnableDiagnostics=0");
        using (ready)
        using (var log = Log(Path.Combine(stateDirectory, "supervisor.log")))
        {
            var image = new ProcessImage([program, "--supervise", stateDirectory], [.. environment], null, ready, log);
            var pid = Libc.Spawn(image, out var error);
            return pid > 0 ? pid : throw new SupervisorException($"{program} cannot be started: {Marshal.GetPInvokeErrorMessage(error)}");
        }
    }

    /// <summary>What supervisors said before they died, the newest last; it starts over when that has become much.</summary>
    private static SafeFileHandle Log(string path)
    {
        var log = Libc.Open(path, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_APPEND);
        if (RandomAccess.GetLength(log) > LargestLog)
        {
            RandomAccess.SetLength(log, 0);
        }

        return log;
    }

    /// <summary>Waits for its one line, or for its end.</summary>
    private static async Task<bool> ReadyAsync(SafeFileHandle reader, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(s_patience);
        try
        {
            await ProcessWatch.ReadableAsync(reader, patience.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new SupervisorException($"the supervisor was started, but is not ready after {s_patience.TotalSeconds} s");
        }

        var said = new byte[Supervisor.Ready.Length];
        return Libc.Read(reader, said) == said.Length && Encoding.ASCII.GetString(said) == Supervisor.Ready;
    }
}

/// <summary>Steps cannot be run; the message is a line for the operator.</summary>
internal sealed class SupervisorException(string message) : Exception(message);
