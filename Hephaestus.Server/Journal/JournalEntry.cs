using System.Collections.Immutable;
using Hephaestus.Server.Executions;
using Wire = Hephaestus.Protocol;

namespace Hephaestus.Server.Journal;

/// <summary>Facts of one execution that wait to be committed: all of them, or none.</summary>
internal sealed class JournalEntry
{
    private readonly TaskCompletionSource<ImmutableArray<ExecutionEvent>> _done =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Facts of an execution that was accepted before.</summary>
    public JournalEntry(uint execution, ImmutableArray<ExecutionFact> facts, DateTimeOffset? time)
    {
        Execution = execution;
        Facts = [.. facts.Select(Exact)];
        Messages = [.. Facts.Select(EventCodec.ToMessage)];
        Time = time is { } given ? Micros.Truncate(given) : null;
        NeedsSync = facts.Any(fact => fact is ExecutionFact.Ended);
    }

    /// <summary>The first facts of a new execution.</summary>
    public JournalEntry(NewExecution accepting)
        : this(0, [accepting.Accepted, .. accepting.Following.IsDefault ? [] : accepting.Following], null)
    {
        Accepting = accepting;
        NeedsSync = true;
    }

    /// <summary>A change of what is not a fact; it has no events. Where a commit is tried again, so is the change.</summary>
    /// <param name="sync">It must survive a power loss once it was told.</param>
    public JournalEntry(Action<JournalConnection> change, bool sync = false)
        : this(0, [], null) => (Change, NeedsSync) = (change, sync);

    /// <summary>What is changed beside the facts; null: nothing.</summary>
    public Action<JournalConnection>? Change { get; }

    /// <summary>The execution that gets its id with this entry; null: it has one.</summary>
    public NewExecution? Accepting { get; }

    /// <summary>0: a new one.</summary>
    public uint Execution { get; }

    public ImmutableArray<ExecutionFact> Facts { get; }

    /// <summary>The wire form of <see cref="Facts"/>, made by the caller to keep the one writer free for writing.</summary>
    public ImmutableArray<Wire.ExecutionEvent> Messages { get; }

    /// <summary>When it happened; null: when it is written.</summary>
    public DateTimeOffset? Time { get; }

    /// <summary>It must survive a power loss once it was told.</summary>
    public bool NeedsSync { get; }

    /// <summary>The events, once they are committed.</summary>
    public Task<ImmutableArray<ExecutionEvent>> Committed => _done.Task;

    /// <summary>What the writer made of the facts; null: nothing, since <see cref="Refusal"/> says why.</summary>
    public ImmutableArray<ExecutionEvent>? Events { get; set; }

    /// <summary>Why this entry alone cannot be written.</summary>
    public JournalException? Refusal { get; set; }

    /// <summary>Tells the caller how it went.</summary>
    public void Complete()
    {
        if (Events is { } events) _done.SetResult(events);
        else _done.SetException(Refusal ?? throw new InvalidOperationException("neither written nor refused"));
    }

    /// <summary>Tells the caller that it was not written.</summary>
    public void Fail(JournalException error) => _done.TrySetException(error);

    /// <summary>The fact as it will be read back.</summary>
    private static ExecutionFact Exact(ExecutionFact fact) =>
        fact is ExecutionFact.StepEnded ended ? ended with { Time = Micros.Truncate(ended.Time) } : fact;
}
