using Hephaestus.Server.Facts;

namespace Hephaestus.Server.Logs;

/// <summary>
/// Logs of which something is written that readers must not see before it is on the disk. What is written while a log is
/// brought there waits for the next time: one sync serves all of it. Thread-safe.
/// </summary>
internal sealed class LogPublication
{
    /// <summary>Logs that are brought to the disk at once: the file system makes one write of several.</summary>
    private const int AtOnce = 8;

    private readonly Lock _gate = new();

    /// <summary>At most all open logs, each once.</summary>
    private readonly HashSet<ExecutionLog> _waiting = [];

    /// <summary>Changes when a log begins to wait.</summary>
    public Latest<bool> Asked { get; } = new(false);

    /// <summary>Something of a log is to be shown.</summary>
    public void Ask(ExecutionLog log)
    {
        lock (_gate)
        {
            if (!_waiting.Add(log))
            {
                return;
            }
        }

        Asked.Set(true);
    }

    /// <summary>Brings all that wait to the disk and shows it; what cannot be brought there waits on.</summary>
    /// <returns>Why one could not be; null: all are shown.</returns>
    public string? Publish()
    {
        ExecutionLog[] logs;
        lock (_gate)
        {
            logs = [.. _waiting];
            _waiting.Clear();
        }

        string? trouble = null;
        Parallel.ForEach(logs, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, log =>
        {
            if (log.TrySync() is { } fault)
            {
                trouble = fault;
                Ask(log);
            }
        });
        return trouble;
    }
}
