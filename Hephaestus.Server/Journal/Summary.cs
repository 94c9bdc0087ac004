using System.Collections.Immutable;
using Google.Protobuf;
using Hephaestus.Protocol;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Plans;
using Hephaestus.Server.Streaming;
using Outcome = Hephaestus.Server.Executions.Outcome;

namespace Hephaestus.Server.Journal;

/// <summary>
/// An ended execution in short, where its events are not kept: what callers are told of it and what a later execution needs
/// to go on from it. Which attempts there were goes with the log that they lead to.
/// </summary>
internal static class Summary
{
    /// <summary>As it is stored.</summary>
    public static byte[] Of(ExecutionState state) => state.ToMessage().ToByteArray();

    /// <summary>The state that was stored.</summary>
    /// <exception cref="JournalException">It is damaged.</exception>
    public static ExecutionState Read(byte[] stored, LogRemoval removal)
    {
        try
        {
            return Read(Execution.Parser.ParseFrom(stored)) with { LogRemoved = removal };
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new JournalException("the journal holds a summary that is damaged; restore it from a backup", error);
        }
    }

    private static ExecutionState Read(Execution message) => new(
        message.Id,
        message.Set,
        message.Plan,
        message.TagId,
        message.State,
        Steps(message.Steps),
        [],
        message.Accepted.ToDateTimeOffset(),
        message.Started?.ToDateTimeOffset(),
        message.Ended?.ToDateTimeOffset(),
        message.CancelledBy.Length == 0 ? null : new CancelOrder(message.CancelledBy, "", message.Ended!.ToDateTimeOffset()),
        message.Dumped,
        checked((long)message.Sequence))
    {
        Resumes = message.Resumes,
        StartedBy = message.StartedBy,
        Parameters = EventCodec.Parameters(message.Parameters),
    };

    private static ImmutableArray<StepProgress> Steps(IReadOnlyCollection<StepState> steps) =>
        [.. EventCodec.Outlines(steps).Zip(steps, (outline, step) => new StepProgress(
            outline,
            step.State,
            (int)step.Attempts,
            (int)step.Pid,
            step.Outcome is null ? null : EventCodec.FromMessage(step.Outcome),
            step.Started?.ToDateTimeOffset(),
            step.Ended?.ToDateTimeOffset()))];
}
