using System.Globalization;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Steps;

/// <summary>Says which processes outlived a step and may go on printing what nobody takes any more.</summary>
internal static class LeftBehind
{
    /// <summary>Processes that are named; the others are counted.</summary>
    private const int MostNamed = 10;

    /// <summary>To be asked while the FIFOs are there still.</summary>
    public static ExecutionFact.Remark Remark(string step, HeldFiles files)
    {
        var holders = ProcessTable.Read().Where(process => ProcessTable.Writes(process.Pid, files.OutFifo, files.ErrFifo)).ToArray();
        return new ExecutionFact.Remark(
            $"Step '{step}' left processes behind that keep its output open; what they print from now on is not taken: {Named(holders)}",
            true);
    }

    /// <summary>Its own process has ended, others have not, and how it ended cannot be known.</summary>
    public static ExecutionFact.Remark Unseen(string step) => new(
        $"Step '{step}': its process has ended while nobody watched it, exit status unknown; it counts as running until nothing that it started is left",
        true);

    /// <summary>For example <c>123 (sleep), 124 (cat) and 2 more</c>.</summary>
    public static string Named(IReadOnlyList<ProcessEntry> processes)
    {
        var named = string.Join(", ", processes.Take(MostNamed).Select(Named));
        return processes.Count switch
        {
            0 => "none that this server may look at",
            <= MostNamed => named,
            _ => string.Create(CultureInfo.InvariantCulture, $"{named} and {processes.Count - MostNamed} more"),
        };
    }

    // A process calls itself what it likes: a name must not draw on a terminal.
    private static string Named(ProcessEntry process) => string.Create(
        CultureInfo.InvariantCulture,
        $"{process.Pid} ({string.Concat(process.Name.Select(letter => char.IsAsciiLetterOrDigit(letter) || "-_./+:".Contains(letter) ? letter : '?'))})");
}
