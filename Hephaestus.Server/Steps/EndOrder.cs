using Hephaestus.Protocol.Configuration;
using Hephaestus.Server.Executions;

namespace Hephaestus.Server.Steps;

/// <summary>Why a running attempt is to end.</summary>
/// <param name="At">Since when: the grace counts from then, restarts of the server included.</param>
/// <param name="State">What the attempt's end is then.</param>
internal sealed record EndOrder(DateTimeOffset At, State State, Cause Cause, string Reason)
{
    public static EndOrder Of(CancelOrder order) => new(order.At, State.Cancelled, Cause.Cancelled, $"cancelled by {order.By}");

    public static EndOrder Of(AttemptDeadline deadline) =>
        new(deadline.At, State.Failed, Cause.TimedOut, $"timed out after {DurationText.Format(deadline.Timeout)}");

    /// <summary>Of a cancel and a deadline that has passed, the one that came first; null: there is none.</summary>
    public static EndOrder? First(CancelOrder? cancel, AttemptDeadline? deadline, DateTimeOffset now) =>
        new[] { cancel is null ? null : Of(cancel), deadline is null || deadline.At > now ? null : Of(deadline) }
            .Where(order => order is not null)
            .MinBy(order => order!.At);
}

/// <summary>When an attempt has to be over.</summary>
/// <param name="Timeout">The time that it was given, for people.</param>
internal sealed record AttemptDeadline(DateTimeOffset At, TimeSpan Timeout);
