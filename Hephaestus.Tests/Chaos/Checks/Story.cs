using Hephaestus.Protocol;
using Hephaestus.Tests.Chaos.Acts;
using Hephaestus.Tests.Chaos.Plans;

namespace Hephaestus.Tests.Chaos.Checks;

/// <summary>One execution as its events tell it, beside what is known of its plan.</summary>
internal sealed class Story
{
    public Story(Wish wish, ChaosPlan plan, IEnumerable<ExecutionEvent> events)
    {
        (Wish, Plan, Events) = (wish, plan, [.. events]);
        Attempts =
            [.. Events.Where(happened => happened.StepStarting is not null).Select((starting, ordinal) => AttemptOf(starting, ordinal))];
    }

    public Wish Wish { get; }

    public uint Id => Wish.Id;

    /// <summary>In the text that it pinned.</summary>
    public ChaosPlan Plan { get; }

    public IReadOnlyList<ExecutionEvent> Events { get; }

    /// <summary>In the order in which they were about to start.</summary>
    public IReadOnlyList<Attempt> Attempts { get; }

    public ExecutionEvent? Started => Events.FirstOrDefault(happened => happened.Started is not null);

    public ExecutionEvent? Cancel => Events.FirstOrDefault(happened => happened.CancelRequested is not null);

    public ExecutionEvent? Ended => Events.FirstOrDefault(happened => happened.Ended is not null);

    /// <summary>Steps that kept their results of the execution that was resumed.</summary>
    public IEnumerable<uint> Kept => Events[0].Accepted.Steps.Where(step => step.State == State.Ok).Select(step => step.Number);

    /// <summary>Of the wish that it began with, if it goes on from another.</summary>
    public IReadOnlyDictionary<string, string> Parameters => Work.Origin(Wish).Colour is { } colour
        ? new Dictionary<string, string> { [ChaosPlan.Parameter] = colour }
        : [];

    /// <summary>The state in which a step was left.</summary>
    public State StateOf(ChaosStep step) =>
        Kept.Contains((uint)step.Number) ? State.Ok
        : Attempts.LastOrDefault(attempt => attempt.Step == step) is { } last ? last.Outcome?.State ?? State.Running
        : Events.Any(happened => happened.StepSkipped?.Step == step.Number) ? State.DidNotRun
        : State.Pending;

    public override string ToString() => $"execution {Id} ({Plan.Tag})";

    private Attempt AttemptOf(ExecutionEvent starting, int ordinal)
    {
        var (step, number) = (starting.StepStarting.Step, starting.StepStarting.Attempt);
        return new Attempt(
            this,
            Plan.Steps[(int)step - 1],
            (int)number,
            ordinal,
            starting,
            Events.FirstOrDefault(happened => happened.StepStarted is { } started && (started.Step, started.Attempt) == (step, number)),
            Events.FirstOrDefault(happened => happened.StepEnded is { } ended && (ended.Step, ended.Attempt) == (step, number)));
    }
}

/// <summary>One attempt of a step.</summary>
/// <param name="Ordinal">Its place among all of its execution, from 0.</param>
internal sealed record Attempt(
    Story Story, ChaosStep Step, int Number, int Ordinal, ExecutionEvent Starting, ExecutionEvent? Started, ExecutionEvent? Ended)
{
    public Outcome? Outcome => Ended?.StepEnded.Outcome;

    public DateTimeOffset From => Starting.Time.ToDateTimeOffset();

    /// <summary>When its process ended, as the server learnt.</summary>
    public DateTimeOffset? To => Ended?.StepEnded.Time.ToDateTimeOffset();

    public uint Pid => Started?.StepStarted.Pid ?? 0;

    /// <summary>Somebody ended it: it was cancelled, or its time was up.</summary>
    public bool WasEnded => Outcome?.Cause is Cause.Cancelled or Cause.TimedOut;

    public override string ToString() => $"{Story}, '{Step.Name}', attempt {Number}";
}
