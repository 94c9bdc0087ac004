using Google.Protobuf.WellKnownTypes;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Journal;
using Hephaestus.Server.Plans;
using Hephaestus.Server.Supervision;
using Wire = Hephaestus.Protocol;

namespace Hephaestus.Server.Streaming;

/// <summary>Executions as the wire's messages.</summary>
internal static class ExecutionMessages
{
    /// <summary>The whole state, as the journal has it.</summary>
    public static Wire.Execution ToMessage(this ExecutionState state)
    {
        var message = new Wire.Execution
        {
            Id = state.Id,
            Set = state.Set,
            Plan = state.Plan,
            TagId = state.TagId,
            State = state.State,
            Accepted = state.Accepted.ToTimestamp(),
            Started = state.Started?.ToTimestamp(),
            Ended = state.Ended?.ToTimestamp(),
            Sequence = (ulong)state.Sequence,
            CancelledBy = state.Cancel?.By ?? "",
            Dumped = state.Dumped,
            Resumes = state.Resumes,
            StartedBy = state.StartedBy,
            LogRemoved = state.LogRemoved?.At.ToTimestamp(),
            LogRemovedWhy = state.LogRemoved?.Why ?? "",
        };
        EventCodec.AddTo(message.Parameters, state.Parameters);
        message.Steps.AddRange(state.Steps.Select(step => ToMessage(state, step)));
        return message;
    }

    /// <summary>The whole state, with what its running steps wait for at this moment.</summary>
    public static Wire.Execution ToMessage(this ExecutionState state, Func<StepKey, string?> waitsFor)
    {
        var message = state.ToMessage();
        foreach (var step in message.Steps.Where(step => step.State == Wire.State.Running))
        {
            step.WaitsFor = waitsFor(new StepKey(state.Id, (int)step.Number, (int)step.Attempts)) ?? "";
        }

        return message;
    }

    private static Wire.StepState ToMessage(ExecutionState state, StepProgress step) => new()
    {
        Number = (uint)step.Number,
        Name = step.Outline.Name,
        Desc = step.Outline.Description,
        Type = PlanMessages.TypeOf(step.Outline.Kind),
        Parent = step.Outline.Parent == 0 ? "" : state.Step(step.Outline.Parent).Outline.Name,
        State = step.State,
        Outcome = step.Outcome is { } outcome ? EventCodec.ToMessage(outcome) : null,
        Attempts = (uint)step.Attempts,
        Started = step.Started?.ToTimestamp(),
        Ended = step.Ended?.ToTimestamp(),
        Pid = (uint)step.Pid,
    };
}
