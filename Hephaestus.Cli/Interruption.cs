using System.Runtime.InteropServices;
using Hephaestus.Cli.Output;
using Hephaestus.Protocol;

namespace Hephaestus.Cli;

/// <summary>
/// SIGINT and SIGTERM: the first asks the program to end and, 2 s later, ends it. Further ones change nothing: some
/// wrappers deliver a signal twice.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;
    private int _exitCode;
    private Timer? _last;

    public Interruption() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Take(signal, ExitCodes.Interrupted)),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Take(signal, ExitCodes.Terminated)),
    ];

    /// <summary>Set by the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>What the signal asks the program to end with; 0: none has come.</summary>
    public int ExitCode => Volatile.Read(ref _exitCode);

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _last?.Dispose();
        _source.Dispose();
    }

    private void Take(PosixSignalContext signal, int exitCode)
    {
        signal.Cancel = true;
        if (Interlocked.CompareExchange(ref _exitCode, exitCode, 0) != 0)
        {
            return;
        }

        // A write to a terminal or a pipe that takes nothing cannot be cancelled.
        _last = new Timer(_ => Libc.Exit(exitCode), null, s_patience, Timeout.InfiniteTimeSpan);
        _source.Cancel();
    }
}
