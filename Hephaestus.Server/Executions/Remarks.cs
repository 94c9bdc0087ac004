using System.Globalization;
using System.Text;
using Hephaestus.Protocol.Configuration;
using Hephaestus.Server.Logs;

namespace Hephaestus.Server.Executions;

/// <summary>
/// What Hephaestus itself says in an execution's log: a pure function of its events, so that remarks that a killed
/// server did not write can be written by the next one.
/// </summary>
internal static class Remarks
{
    /// <summary>Begins every such line; old scripts look for it.</summary>
    public const string Mark = "----> ";

    /// <summary>The remark that an event is worth; null: none.</summary>
    /// <param name="state">The state before the event; null for the first event.</param>
    public static (string Text, bool Error)? Of(ExecutionState? state, ExecutionFact fact) =>
        Say(state, fact) is var (text, error) && text.Length > 0 ? (Mark + text.ReplaceLineEndings("\n" + Mark), error) : null;

    /// <summary>
    /// Writes the remarks of an execution's events so far that its log does not hold yet: all of a new one's, and those
    /// that a killed server journalled but did not write.
    /// </summary>
    public static void Write(ExecutionLog log, IEnumerable<ExecutionEvent> events)
    {
        var covered = log.RemarkBytes;
        ExecutionState? state = null;
        foreach (var happened in events)
        {
            if (Of(state, happened.Fact) is var (text, error) && (covered -= Encoding.UTF8.GetByteCount(text) + 1) < 0)
            {
                log.AppendRemark(happened.Time, text, error);
            }

            state = ExecutionFold.Apply(state, happened);
        }
    }

    private static (string Text, bool Error) Say(ExecutionState? state, ExecutionFact fact) => (state, fact) switch
    {
        (_, ExecutionFact.Accepted accepted) =>
            ($"Plan '{accepted.Set}/{accepted.Plan}' accepted, {Steps(accepted.Steps.Length)}{StartedBy(accepted)}{Resumed(accepted)}", false),
        (_, ExecutionFact.CancelRequested cancel) => ($"Cancelled by {cancel.By}{Because(cancel.Reason)}", true),
        (_, ExecutionFact.TimedOut timedOut) =>
            ($"Plan timed out after {DurationText.Format(timedOut.Timeout)}: no further step starts, only recoveries", true),
        (_, ExecutionFact.Remark remark) => (remark.Text, remark.Error),
        (_, ExecutionFact.Ended ended) => ($"Plan ended: {StateWords.Of(ended.State)}", ended.State != State.Ok),
        ({ } known, ExecutionFact.StepStarting starting) => ($"{Name(known, starting.Step)} starts{Described(known, starting)}", false),
        ({ } known, ExecutionFact.StepEnded ended) => (Ended(known, ended), ended.Outcome.State != State.Ok),
        ({ } known, ExecutionFact.StepSkipped skipped) => ($"{Name(known, skipped.Step)}: {StateWords.Of(State.DidNotRun)}", false),
        _ => ("", false),
    };

    private static string Ended(ExecutionState state, ExecutionFact.StepEnded ended) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Name(state, ended.Step)} ended: {StateWords.Of(ended.Outcome.State)}{How(ended.Outcome)}{After(state, ended)}");

    /// <summary>Exit code or signal, and the reason, as far as there are any.</summary>
    private static string How(Outcome outcome)
    {
        var status = outcome switch
        {
            { ExitCode: { } code } => $"exit code {code}",
            { Signal: { } signal } => $"signal {signal} ({Signals.NameOf(signal)})",
            _ => "",
        };
        var parts = new[] { status, outcome.Reason }.Where(part => part.Length > 0).ToArray();
        return parts.Length == 0 ? "" : $" ({string.Join("; ", parts)})";
    }

    private static string After(ExecutionState state, ExecutionFact.StepEnded ended) =>
        state.Step(ended.Step).Started is { } started && ended.Time >= started
            ? string.Create(CultureInfo.InvariantCulture, $" after {(ended.Time - started).TotalSeconds:0.0} s")
            : "";

    private static string Name(ExecutionState state, int step) =>
        $"{(state.Step(step).Outline.Kind == Plans.StepKind.Recovery ? "Recovery" : "Step")} '{state.Step(step).Outline.Name}'";

    private static string Described(ExecutionState state, ExecutionFact.StepStarting starting)
    {
        var attempt = starting.Attempt > 1 ? $" (attempt {starting.Attempt})" : "";
        return state.Step(starting.Step).Outline.Description is { Length: > 0 } description ? $"{attempt}: {description}" : attempt;
    }

    /// <summary>Nothing for what an older server accepted: its remark must stay as it stands in the log.</summary>
    private static string StartedBy(ExecutionFact.Accepted accepted) => accepted.By.Length == 0 ? "" : $", started by {accepted.By}";

    private static string Resumed(ExecutionFact.Accepted accepted)
    {
        var kept = accepted.Kept.Select(step => $"'{accepted.Steps[step.Step - 1].Name}'").ToArray();
        return accepted.Resumes == 0 ? ""
            : kept.Length == 0 ? $"; resumes execution {accepted.Resumes} from its first step"
            : $"; resumes execution {accepted.Resumes}, of which these keep their results: {string.Join(", ", kept)}";
    }

    private static string Because(string reason) => reason.Length == 0 ? "" : $": {reason}";

    private static string Steps(int count) => count == 1 ? "1 step" : $"{count} steps";
}
