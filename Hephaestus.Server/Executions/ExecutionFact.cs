using System.Collections.Immutable;
using Hephaestus.Server.Plans;

namespace Hephaestus.Server.Executions;

/// <summary>Something that happened to an execution. A state is the fold of these.</summary>
internal abstract record ExecutionFact
{
    private ExecutionFact()
    {
    }

    /// <summary>The plan is pinned and will be run.</summary>
    /// <param name="Parameters">What its commands get beside the plan's own variables.</param>
    internal sealed record Accepted(
        string Set, string Plan, string TagId, ImmutableArray<StepOutline> Steps, ImmutableArray<Variable> Parameters) : ExecutionFact
    {
        /// <summary>Who asked for it; empty: an older server did not note that.</summary>
        public string By { get; init; } = "";

        /// <summary>The execution that this one goes on from; 0: none.</summary>
        public uint Resumes { get; init; }

        /// <summary>The steps of it that keep their results, in file order.</summary>
        public ImmutableArray<KeptStep> Kept { get; init; } = [];
    }

    /// <summary>Its turn has come.</summary>
    internal sealed record Started : ExecutionFact;

    /// <summary>An attempt is about to start.</summary>
    internal sealed record StepStarting(int Step, int Attempt) : ExecutionFact;

    /// <summary>The attempt has a process.</summary>
    internal sealed record StepStarted(int Step, int Attempt, int Pid) : ExecutionFact;

    /// <summary>The attempt ended.</summary>
    /// <param name="OutBytes">Length of its standard output then.</param>
    /// <param name="ErrBytes">Length of its standard error then.</param>
    /// <param name="Time">When the process ended, which may be before the server saw it.</param>
    internal sealed record StepEnded(int Step, int Attempt, Outcome Outcome, long OutBytes, long ErrBytes, DateTimeOffset Time)
        : ExecutionFact;

    /// <summary>The step will not run.</summary>
    internal sealed record StepSkipped(int Step) : ExecutionFact;

    /// <summary>Somebody wants it to end.</summary>
    internal sealed record CancelRequested(string By, string Reason) : ExecutionFact;

    /// <summary>Its plan's timeout has passed: no regular step starts any more.</summary>
    internal sealed record TimedOut(TimeSpan Timeout) : ExecutionFact;

    /// <summary>Something worth a line in the log.</summary>
    internal sealed record Remark(string Text, bool Error) : ExecutionFact;

    /// <summary>Nothing of it will run any more.</summary>
    internal sealed record Ended(State State) : ExecutionFact;

    /// <summary>Its log was written to a file; the old list shows it no more.</summary>
    internal sealed record Dumped(string File) : ExecutionFact;
}

/// <summary>What an execution's events need to say of a step.</summary>
/// <param name="Number">From 1, in file order.</param>
/// <param name="Parent">The parent's number; 0: none.</param>
internal sealed record StepOutline(int Number, StepKind Kind, string Name, string Description, int Parent);

/// <summary>A step that keeps its result of the execution that is resumed.</summary>
internal sealed record KeptStep(int Step, Outcome Outcome, DateTimeOffset Started, DateTimeOffset Ended);

/// <summary>How an attempt ended.</summary>
/// <param name="ExitCode">Exit code, when it exited.</param>
/// <param name="Signal">Signal, when one ended it; as the kernel reports it, never 128+n.</param>
/// <param name="Reason">Who cancelled, why it could not start, why it is lost; may be empty.</param>
internal sealed record Outcome(State State, Cause Cause, int? ExitCode, int? Signal, string Reason);

/// <summary>A fact with its place in the journal.</summary>
/// <param name="Sequence">From 1, over all executions, ascending; never given out twice.</param>
internal sealed record ExecutionEvent(long Sequence, uint Execution, string Set, string Plan, DateTimeOffset Time, ExecutionFact Fact);
