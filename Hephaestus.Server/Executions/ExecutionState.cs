using System.Collections.Immutable;
using Hephaestus.Server.Plans;

namespace Hephaestus.Server.Executions;

/// <summary>An execution as its events so far say: a pure fold, see <see cref="ExecutionFold"/>.</summary>
/// <param name="Attempts">All attempts in the order in which they started; the index is an attempt's ordinal.</param>
/// <param name="Cancel">The first request to cancel it; null: none.</param>
/// <param name="Sequence">Sequence number of the last event in this state.</param>
internal sealed record ExecutionState(
    uint Id,
    string Set,
    string Plan,
    string TagId,
    State State,
    ImmutableArray<StepProgress> Steps,
    ImmutableArray<AttemptKey> Attempts,
    DateTimeOffset Accepted,
    DateTimeOffset? Started,
    DateTimeOffset? Ended,
    CancelOrder? Cancel,
    bool Dumped,
    long Sequence)
{
    /// <summary>The execution that this one goes on from; 0: none.</summary>
    public uint Resumes { get; init; }

    /// <summary>Who asked for it; empty: an older server did not note that.</summary>
    public string StartedBy { get; init; } = "";

    /// <summary>What its commands get beside the plan's own variables.</summary>
    public ImmutableArray<Variable> Parameters { get; init; } = [];

    /// <summary>Its plan's timeout has passed.</summary>
    public bool TimedOut { get; init; }

    /// <summary>What became of its log; null: it is kept.</summary>
    public LogRemoval? LogRemoved { get; init; }

    /// <summary>Nothing of it runs or will run.</summary>
    public bool HasEnded => Ended is not null;

    /// <summary>The step of a number from 1.</summary>
    public StepProgress Step(int number) => Steps[number - 1];

    /// <summary>An attempt's place in the order of starts, from 0; -1: it has not started.</summary>
    public int OrdinalOf(AttemptKey attempt) => Attempts.IndexOf(attempt);
}

/// <summary>How far a step has come.</summary>
/// <param name="Attempts">Number of attempts that were started.</param>
/// <param name="Pid">Process id of the newest attempt; 0: not started.</param>
/// <param name="Outcome">How the newest attempt ended; null: it has not.</param>
internal sealed record StepProgress(
    StepOutline Outline,
    State State,
    int Attempts,
    int Pid,
    Outcome? Outcome,
    DateTimeOffset? Started,
    DateTimeOffset? Ended)
{
    public int Number => Outline.Number;
}

/// <summary>One attempt of one step within an execution.</summary>
/// <param name="Step">The step's number, from 1.</param>
/// <param name="Attempt">From 1.</param>
internal readonly record struct AttemptKey(int Step, int Attempt);

/// <summary>A journalled request to cancel.</summary>
/// <param name="At">When it was journalled: the grace counts from then, restarts included.</param>
internal sealed record CancelOrder(string By, string Reason, DateTimeOffset At);

/// <summary>Retention has removed a log.</summary>
/// <param name="At">When that was decided.</param>
/// <param name="Why">The rule, as the configuration has it.</param>
internal sealed record LogRemoval(DateTimeOffset At, string Why);
