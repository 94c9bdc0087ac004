using System.Collections.Immutable;

namespace Hephaestus.Server.Plans;

/// <summary>A plan as read: its steps in file order.</summary>
/// <param name="TagId">The id in the plan tag; not the plan's name, which is that of its file.</param>
internal sealed record Plan(string TagId, ImmutableArray<PlanStep> Steps)
{
    /// <summary>Steps whose parents have ended that run at once, 1 to 1000; 1: strictly one after another.</summary>
    public int Concurrency { get; init; } = 1;

    /// <summary>What happens when it is to run while it runs.</summary>
    public Overlap Overlap { get; init; }

    /// <summary>Variables that whoever runs it may set.</summary>
    public ImmutableArray<string> Parameters { get; init; } = [];

    /// <summary>Where the plan tag stands.</summary>
    public TextPosition At { get; init; }

    /// <summary>How long its regular steps may take together; null: as long as they take.</summary>
    public TimeSpan? Timeout { get; init; }
}

/// <summary>A step or a recovery of a plan.</summary>
/// <param name="Number">From 1, in file order.</param>
/// <param name="Parent">The number of the step it depends on; 0: none. Always smaller than <paramref name="Number"/>.</param>
/// <param name="User">Who runs it; null: the server's own user.</param>
/// <param name="WorkingDirectory">Where it runs; null: the server's own.</param>
/// <param name="Command">The body, as written, for <c>bash -c</c>.</param>
internal sealed record PlanStep(
    int Number,
    StepKind Kind,
    string Name,
    string Description,
    int Parent,
    string? User,
    string? WorkingDirectory,
    ImmutableArray<Variable> Variables,
    string Command)
{
    /// <summary>Where its tag stands.</summary>
    public TextPosition At { get; init; }

    /// <summary>Where the user's name stands, if it has one.</summary>
    public TextPosition UserAt { get; init; }

    /// <summary>Where the working directory stands, if it has one.</summary>
    public TextPosition WorkingDirectoryAt { get; init; }

    /// <summary>The line of the file that holds the command's first line, from 1; 0: not known.</summary>
    public int FirstLine { get; init; }

    /// <summary>How long an attempt may take; null: as long as it takes.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Between SIGTERM and SIGKILL when it is ended early; null: the server's.</summary>
    public TimeSpan? Grace { get; init; }

    /// <summary>How often it is tried again after an attempt that ended NOK or Failed, 0 to 1000.</summary>
    public int Retries { get; init; }

    /// <summary>Between the end of an attempt and the next.</summary>
    public TimeSpan RetryDelay { get; init; }
}

/// <summary>A place in a plan's file.</summary>
/// <param name="Line">From 1; 0: none.</param>
/// <param name="Column">From 1, in characters; 0: the line as a whole.</param>
internal readonly record struct TextPosition(int Line, int Column);

/// <summary>What happens when a plan is to run while it runs.</summary>
internal enum Overlap
{
    /// <summary>It runs twice at once.</summary>
    Allow,

    /// <summary>The second wish is refused.</summary>
    Skip,

    /// <summary>The second run waits for the end of the first.</summary>
    Queue,
}

/// <summary>When a step runs: after its parent ended OK, or after it did not.</summary>
internal enum StepKind
{
    /// <summary>Runs always, or when its parent ended OK.</summary>
    Step,

    /// <summary>Runs when its parent ended NOK, Failed or Lost.</summary>
    Recovery,
}

/// <summary>An environment variable that a step sets.</summary>
internal sealed record Variable(string Name, string Value);
