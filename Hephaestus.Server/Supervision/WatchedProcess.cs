using Hephaestus.Server.Supervision.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Supervision;

/// <summary>
/// The process of an attempt as the server knows it. A descriptor of it is held, so that its end can be learnt even when
/// its supervisor was killed.
/// </summary>
internal sealed class WatchedProcess : IDisposable
{
    /// <summary>For init to reap an orphan; only then does the kernel tell how it ended.</summary>
    private static readonly TimeSpan s_reaping = TimeSpan.FromSeconds(10);

    /// <summary>Nobody tells when the last process of a session goes.</summary>
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _unseen = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<StepExit> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SafeFileHandle? _process;
    private string _statusFile = "";
    private bool _alone;
    private bool _disposed;

    /// <summary>Completes when it has ended.</summary>
    public Task<StepExit> Exit => _exit.Task;

    /// <summary>
    /// Completes when it has ended, nobody can tell how, and processes that it started are left: <see cref="Exit"/> waits
    /// until they have gone.
    /// </summary>
    public Task EndedUnseen => _unseen.Task;

    /// <summary>Which process it is, or was; null: that is not known yet.</summary>
    public Attempt? Identity { get; private set; }

    /// <summary>Says which process it is.</summary>
    public void Identify(Attempt attempt, string statusFile)
    {
        lock (_gate)
        {
            (Identity, _statusFile) = (attempt, statusFile);
            if (_process is null && !_disposed && !Exit.IsCompleted && attempt is { Exit: null, Pid: > 0 })
            {
                _process = Opened(attempt);
            }
        }
    }

    /// <summary>The supervisor has told its end.</summary>
    public void End(StepExit exit) => _exit.TrySetResult(exit);

    /// <summary>
    /// Its supervisor is gone: finds out without it. Before it is known which process it is, this does nothing; whoever
    /// learns that asks again.
    /// </summary>
    public void WatchAlone(CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (_alone || Identity is null)
            {
                return;
            }

            _alone = true;
        }

        _ = WatchAloneAsync(cancellation);
    }

    public void Dispose()
    {
        _exit.TrySetCanceled();
        lock (_gate)
        {
            _disposed = true;
            _process?.Dispose();
        }
    }

    /// <summary>Null: it is gone, and another process may have its id by now.</summary>
    private static SafeFileHandle? Opened(Attempt attempt)
    {
        var opened = Libc.OpenProcess(attempt.Pid);
        if (opened is null || ProcessTable.StartOf(attempt.Pid) == attempt.StartTicks)
        {
            return opened;
        }

        opened.Dispose();
        return null;
    }

    private async Task WatchAloneAsync(CancellationToken cancellation)
    {
        try
        {
            _exit.TrySetResult(Recorded() ?? await EndAsync(cancellation));
        }
        catch (Exception stopped) when (stopped is OperationCanceledException or ObjectDisposedException)
        {
            _exit.TrySetCanceled(cancellation);
        }
        catch (IOException fault)
        {
            _exit.TrySetResult(Lost($"it cannot be watched: {fault.Message}"));
        }
    }

    private StepExit? Recorded() => StatusFile.Read(_statusFile)?.Exit?.ToExit();

    private async Task<StepExit> EndAsync(CancellationToken cancellation)
    {
        if (_process is null)
        {
            return await LostAsync("it ended unseen", cancellation);
        }

        await ProcessWatch.ReadableAsync(_process, cancellation);
        if (Recorded() is null && ProcessTable.StatusOfZombie(Identity!.Pid, Identity.StartTicks) is { } unreaped)
        {
            return Decoded(unreaped);
        }

        using var reaping = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        reaping.CancelAfter(s_reaping);
        await ProcessWatch.ReapedAsync(_process, reaping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellation.ThrowIfCancellationRequested();

        // The supervisor may have recorded it before it was killed; else the kernel may tell.
        return Recorded() ?? (Libc.ExitStatus(_process) is { } status
            ? Decoded(status)
            : await LostAsync("this kernel (older than 6.15) does not tell how it ended", cancellation));
    }

    /// <summary>What comes after it must not run beside what it left.</summary>
    private async Task<StepExit> LostAsync(string why, CancellationToken cancellation)
    {
        while (Remains.Of(Identity!))
        {
            _unseen.TrySetResult();
            await Task.Delay(s_look, cancellation);
        }

        return Lost($"{why}; nothing is left of its {Remains.Places(Identity!)}");
    }

    /// <summary>The raw status of wait(2): the signal in the low 7 bits, else the exit code in the byte above.</summary>
    private static StepExit Decoded(int status) => (status & 0x7F) switch
    {
        0 => new StepExit((status >> 8) & 0xFF, null, null, DateTimeOffset.UtcNow),
        var signal => new StepExit(null, signal, null, DateTimeOffset.UtcNow),
    };

    private static StepExit Lost(string why) => new(null, null, $"its supervisor was killed, and {why}", DateTimeOffset.UtcNow);
}
