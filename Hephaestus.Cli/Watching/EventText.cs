using Hephaestus.Cli.Output;
using Hephaestus.Protocol;
using Hephaestus.Protocol.Configuration;

namespace Hephaestus.Cli.Watching;

/// <summary>Changes as people read them, a line each.</summary>
internal sealed class EventText
{
    /// <summary>Names of the steps of executions that have not ended.</summary>
    private readonly Dictionary<uint, Dictionary<uint, string>> _steps = [];

    public string Of(Execution execution)
    {
        if (execution.Ended is null)
        {
            Remember(execution.Id, execution.Steps);
        }

        var time = execution.Ended ?? execution.Started ?? execution.Accepted;
        return Line(time.ToDateTimeOffset(), execution.Id, execution.Set, execution.Plan, $"is {StateWords.Of(execution.State)}");
    }

    public string Of(ExecutionEvent happened)
    {
        if (happened.Accepted is { } accepted)
        {
            Remember(happened.Id, accepted.Steps);
        }

        var line = Line(happened.Time.ToDateTimeOffset(), happened.Id, happened.Set, happened.Plan, What(happened));
        if (happened.Ended is not null)
        {
            _steps.Remove(happened.Id);
        }

        return line;
    }

    private static string Line(DateTimeOffset time, uint id, string set, string plan, string what) =>
        $"{Durations.Local(time)} {id} {set}/{plan} {what}".ReplaceLineEndings(" ");

    private string What(ExecutionEvent happened) => happened switch
    {
        { Accepted: { } accepted } => $"accepted, {Counted(accepted.Steps.Count, "step")}{StartedBy(accepted)}",
        { Started: not null } => "started",
        { StepStarting: { } starting } => $"{Step(happened, starting.Step)} starts{Attempt(starting.Attempt)}",
        { StepStarted: { } started } => $"{Step(happened, started.Step)} runs as process {started.Pid}",
        { StepEnded: { } ended } => $"{Step(happened, ended.Step)} ended: {Outcome(ended.Outcome)}",
        { StepSkipped: { } skipped } => $"{Step(happened, skipped.Step)}: {StateWords.Of(State.DidNotRun)}",
        { CancelRequested: { } cancel } => $"is to be cancelled, by {cancel.By}{Because(cancel.Reason)}",
        { Remark: { } remark } => remark.Text,
        { Ended: { } ended } => $"ended: {StateWords.Of(ended.State)}",
        { TimedOut: { } late } => $"timed out after {DurationText.Format(late.Timeout.ToTimeSpan())}",
        { Dumped: { } dumped } => $"dumped to {dumped.File}",
        _ => "changed in a way that this program does not know",
    };

    /// <summary>The state with the exit code or signal, and the reason, as far as there are any.</summary>
    public static string Outcome(Outcome outcome)
    {
        var status = outcome switch
        {
            { HasExitCode: true } => $"exit code {outcome.ExitCode}",
            { HasSignal: true } => $"signal {outcome.Signal}",
            _ => "",
        };
        var parts = new[] { status, outcome.Reason }.Where(part => part.Length > 0).ToArray();
        return StateWords.Of(outcome.State) + (parts.Length == 0 ? "" : $" ({string.Join("; ", parts)})");
    }

    /// <summary><c>1 step</c>, <c>2 steps</c>.</summary>
    public static string Counted(int count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";

    private static string Attempt(uint attempt) => attempt > 1 ? $" (attempt {attempt})" : "";

    private static string StartedBy(ExecutionEvent.Types.Accepted accepted) =>
        accepted.By.Length == 0 ? "" : $", started by {accepted.By}";

    private static string Because(string reason) => reason.Length == 0 ? "" : $": {reason}";

    private string Step(ExecutionEvent happened, uint step) =>
        $"step '{_steps.GetValueOrDefault(happened.Id)?.GetValueOrDefault(step) ?? $"{step}"}'";

    private void Remember(uint id, IEnumerable<StepState> steps) =>
        _steps[id] = steps.ToDictionary(step => step.Number, step => step.Name);
}
