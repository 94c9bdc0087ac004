using Hephaestus.Server.Executions;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Steps;

/// <summary>What an attempt's end means. Pure.</summary>
internal static class Outcomes
{
    /// <summary>A process ended; an order to end it counts only when it came before that.</summary>
    public static Outcome Of(StepExit exit, EndOrder? end) => (exit, end) switch
    {
        (_, { } order) when CameFirst(order, exit) => new Outcome(order.State, order.Cause, exit.ExitCode, exit.Signal, order.Reason),
        ({ Lost: { } why }, _) => new Outcome(State.Lost, Cause.Lost, null, null, why),
        ({ Signal: { } signal }, _) => new Outcome(State.Failed, Cause.Signalled, null, signal, ""),
        ({ ExitCode: 0 }, _) => new Outcome(State.Ok, Cause.Exited, 0, null, ""),
        _ => new Outcome(State.Nok, Cause.Exited, exit.ExitCode, null, ""),
    };

    /// <summary>The order came before the end.</summary>
    public static bool CameFirst(EndOrder order, StepExit exit) => order.At <= exit.Ended;

    /// <summary>No process came to be.</summary>
    public static Outcome CouldNotStart(string reason) => new(State.Failed, Cause.CouldNotStart, null, null, reason);

    /// <summary>Cancelled before there was a process.</summary>
    public static Outcome CancelledBeforeStart(CancelOrder order) =>
        new(State.Cancelled, Cause.Cancelled, null, null, $"cancelled by {order.By} before it started");
}
