using Hephaestus.Protocol;
using Hephaestus.Tests.Chaos.Plans;

namespace Hephaestus.Tests.Chaos.Checks;

/// <summary>How attempts ended: as their commands do, or by an order, or lost where that is excused.</summary>
internal sealed class OutcomeCheck(Witness witness, Allowance allowance, Failures failures)
{
    /// <summary>Events and ends are told in microseconds.</summary>
    private static readonly TimeSpan s_tick = TimeSpan.FromMicroseconds(2);

    /// <summary>SIGPIPE: nobody holds its output any more.</summary>
    private const int BrokenPipe = 13;

    public void Check(Attempt attempt)
    {
        if (attempt.Outcome is not { } outcome)
        {
            failures.Add($"{attempt} has no outcome");
            return;
        }

        var fault = outcome.Cause switch
        {
            Cause.Exited => Exited(attempt, outcome),
            Cause.Signalled => Signalled(attempt, outcome),
            Cause.TimedOut => TimedOut(attempt, outcome),
            Cause.Cancelled => Cancelled(attempt, outcome),
            Cause.CouldNotStart => attempt.Step.IsHomeless && outcome.State == State.Failed ? null : "it could have been started",
            Cause.Lost => Lost(attempt, outcome),
            _ => "there is no such cause",
        };
        failures.Unless(fault is null, $"{attempt} ended {outcome}: {fault}");
    }

    private string? Exited(Attempt attempt, Outcome outcome) =>
        outcome.State != (outcome.ExitCode == 0 ? State.Ok : State.Nok) ? "state and exit code do not agree"
        : IsOverdue(attempt) ? "its time was up before"
        : allowance.WasOrphaned(attempt) ? null
        : Expected(attempt) is Finish.Exit exit && exit.Code == outcome.ExitCode ? null
        : $"expected was {Expected(attempt)}";

    private string? Signalled(Attempt attempt, Outcome outcome) =>
        outcome.State != State.Failed ? "what a signal ends is Failed"
        : IsOverdue(attempt) ? "its time was up before"
        : outcome.Signal == BrokenPipe && allowance.WasOrphaned(attempt) ? null
        : Expected(attempt) is Finish.Signal signal && signal.Number == outcome.Signal ? null
        : $"expected was {Expected(attempt)}";

    private static string? TimedOut(Attempt attempt, Outcome outcome) =>
        outcome.State != State.Failed ? "what is timed out is Failed"
        : !IsOverdue(attempt) ? "its time was not up"
        : null;

    private static string? Cancelled(Attempt attempt, Outcome outcome) =>
        outcome.State != State.Cancelled ? "state and cause do not agree"
        : attempt.Story.Cancel is not { } cancel ? "nobody cancelled it"
        : attempt.To + s_tick < cancel.Time.ToDateTimeOffset() ? "it had ended before"
        : null;

    private string? Lost(Attempt attempt, Outcome outcome) =>
        outcome.State != State.Lost ? "state and cause do not agree"
        : outcome.Reason.Length == 0 ? "there is no reason"
        : allowance.MayBeLost(attempt) ? null
        : "its supervisor was not killed, or a server held its process";

    private Finish? Expected(Attempt attempt) =>
        witness.RunOf(attempt) is var run and > 0 ? attempt.Step.Script.FinishOf(run) : null;

    private static bool IsOverdue(Attempt attempt) =>
        attempt.Step.Timeout is { } timeout && attempt.To >= attempt.From + TimeSpan.FromSeconds(timeout) - s_tick;
}
