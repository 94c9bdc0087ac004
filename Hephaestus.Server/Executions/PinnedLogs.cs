using Hephaestus.Server.Logs;
using Hephaestus.Server.Supervision;
using Microsoft.Extensions.Logging;

namespace Hephaestus.Server.Executions;

/// <summary>The logs of executions, opened to be written: which files there are follows from an execution's attempts.</summary>
internal sealed class PinnedLogs(LogStore logs, ILogger<PinnedLogs> logger)
{
    /// <summary>Where an execution's log lies.</summary>
    public string DirectoryOf(uint execution) => logs.DirectoryOf(execution);

    /// <summary>Opens it, or makes it for one that has not begun; what is missing or torn is mended.</summary>
    /// <exception cref="IOException">There is no space, or a file cannot be opened.</exception>
    public ExecutionLog Open(PinnedPlan pinned, ExecutionState state)
    {
        if (state.Attempts.IsEmpty)
        {
            return logs.Create(state.Id, pinned.Text, pinned.Row.BootId);
        }

        var files = state.Attempts.Index().SelectMany(attempt => Files(state.Id, attempt.Index, attempt.Item));
        return logs.Open(state.Id, [.. files], pinned.Row.BootId);
    }

    private LogFile[] Files(uint id, int ordinal, AttemptKey attempt)
    {
        var files = new AttemptFiles(logs.DirectoryOf(id), attempt.Step, attempt.Attempt);
        return [new(LogSource.Out(ordinal), files.Out), new(LogSource.Err(ordinal), files.Err)];
    }

    /// <summary>Writes the remarks of an ended execution that a killed server journalled and did not write.</summary>
    public void Complete(PinnedPlan pinned, IReadOnlyList<ExecutionEvent> events)
    {
        var state = ExecutionFold.Of(events);
        if (!Directory.Exists(logs.DirectoryOf(state.Id)))
        {
            return;
        }

        try
        {
            using var log = Open(pinned, state);
            Remarks.Write(log, events);
        }
        catch (IOException fault)
        {
            logger.LogError("Execution {Id}: its log may lack remarks: {Fault}", state.Id, fault.Message);
        }
    }
}
