using System.Collections.Immutable;
using System.Reactive.Disposables;
using System.Reactive.Subjects;
using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Journal;
using Hephaestus.Server.Logs;
using Hephaestus.Server.Plans;
using Hephaestus.Server.Steps;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Executions;

/// <summary>
/// An execution in the server's hands: it has not ended, or something that it left behind still prints. It is hot and
/// owned by the <see cref="Registry"/>: subscribers come and go, only a cancel ends it early.
/// </summary>
internal sealed class LiveExecution : IDisposable
{
    private static readonly TimeSpan s_spaceRetry = TimeSpan.FromSeconds(1);

    private const int MostRequests = 16;

    private readonly SemaphoreSlim _turn = new(1);
    private readonly SingleAssignmentDisposable _drive = new();
    private readonly PinnedPlan _pinned;
    private readonly ExecutionJournal _journal;
    private readonly ExecutionLog _log;
    private ExecutionState _state;

    /// <param name="buried">Called when nothing of it lives any more.</param>
    public LiveExecution(PinnedPlan pinned, ExecutionJournal journal, ExecutionLog log, ExecutionState state, Action buried)
    {
        (_pinned, _journal, _log, _state) = (pinned, journal, log, state);
        Use = new RefCountDisposable(StableCompositeDisposable.Create(log, Disposable.Create(buried)));
        if (state.HasEnded)
        {
            log.Complete();
        }
    }

    public uint Id => _pinned.Row.Id;

    /// <summary>Whose execution it is.</summary>
    public PlanKey Plan => new(_pinned.Row.Set, _pinned.Row.Plan);

    /// <summary>Its turn comes only when no other execution of its plan runs.</summary>
    public bool RunsAlone => _pinned.Plan.Overlap == Overlap.Queue;

    /// <summary>In which order its steps run.</summary>
    public Course Course => Course.Of(_pinned.Plan);

    /// <summary>The boot in which it was accepted.</summary>
    public string BootId => _pinned.Row.BootId;

    /// <summary>The state after the newest commit.</summary>
    public ExecutionState State => Volatile.Read(ref _state);

    /// <summary>
    /// What callers ask of it while it runs: facts that its chain commits. It can be found before the chain runs, so the
    /// few requests that may come until then are kept.
    /// </summary>
    public ISubject<ExecutionFact> Requests { get; } = Subject.Synchronize(new ReplaySubject<ExecutionFact>(MostRequests));

    /// <summary>Keeps the log open: one use for the run, one for each attempt whose output may still grow.</summary>
    public RefCountDisposable Use { get; }

    /// <summary>The subscription that runs its chain; disposing it detaches.</summary>
    public IDisposable Drive
    {
        set => _drive.Disposable = value;
    }

    /// <summary>All that an attempt of this execution needs to run.</summary>
    public StepRun Run(AttemptKey attempt) => new(
        new StepKey(Id, attempt.Step, attempt.Attempt),
        new PlanLabel(_pinned.Row.Set, _pinned.Row.Plan),
        _pinned.Row.Instance,
        _pinned.Plan.Steps[attempt.Step - 1],
        _log,
        State.OrdinalOf(attempt),
        State.Step(attempt.Step).Pid,
        DeadlineOf(attempt.Step),
        State.Parameters);

    /// <summary>
    /// Commits facts, then writes what is to be remarked of them. One commit at a time, so that remarks stand in the
    /// order of the journal.
    /// </summary>
    public async Task<ImmutableArray<ExecutionEvent>> CommitAsync(ImmutableArray<ExecutionFact> facts)
    {
        await _turn.WaitAsync();
        var ends = facts.Any(fact => fact is ExecutionFact.Ended);
        try
        {
            if (facts.Any(TellsOfOutput))
            {
                // An end that survives a loss of power must not tell of output that does not.
                await Task.Run(() => WriteAsync(_log.Sync));
            }

            var events = await _journal.AppendAsync(Id, facts);
            CrashPoint.Reach("committed");
            if (ends)
            {
                // How many commits there are before depends on what comes together.
                CrashPoint.Reach("end-committed");
            }

            foreach (var happened in events)
            {
                await TakeAsync(happened);
            }

            if (_log.ShowsSynced && State.HasEnded)
            {
                // The log is closed after its end: whoever follows it is to have seen all of it.
                await Task.Run(() => WriteAsync(_log.Sync));
            }

            CrashPoint.Reach("published");
            if (ends)
            {
                CrashPoint.Reach("end-published");
            }

            return events;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Detaches; what runs goes on.</summary>
    public void Dispose() => _drive.Dispose();

    /// <summary>The step's own, or the plan's, whichever comes first; recoveries have time beyond the plan's.</summary>
    private AttemptDeadline? DeadlineOf(int number)
    {
        var (step, state) = (_pinned.Plan.Steps[number - 1], State);
        var own = Deadline(state.Step(number).Started, step.Timeout);
        var plans = step.Kind == StepKind.Step ? Deadline(state.Started, _pinned.Plan.Timeout) : null;
        return new[] { own, plans }.Where(deadline => deadline is not null).MinBy(deadline => deadline!.At);
    }

    private static AttemptDeadline? Deadline(DateTimeOffset? since, TimeSpan? timeout) =>
        since is { } from && timeout is { } time ? new AttemptDeadline(from + time, time) : null;

    private bool TellsOfOutput(ExecutionFact fact) =>
        fact is ExecutionFact.Ended || (_log.ShowsSynced && fact is ExecutionFact.StepEnded);

    private async Task TakeAsync(ExecutionEvent happened)
    {
        if (Remarks.Of(_state, happened.Fact) is var (text, error))
        {
            await WriteAsync(() => _log.AppendRemark(happened.Time, text, error));
        }

        Volatile.Write(ref _state, ExecutionFold.Apply(_state, happened));
        if (happened.Fact is ExecutionFact.Ended)
        {
            _log.Complete();
        }
    }

    /// <summary>A full disk holds the execution up until there is space again: a remark is never left out.</summary>
    private static async Task WriteAsync(Action write)
    {
        while (true)
        {
            try
            {
                write();
                return;
            }
            catch (IOException)
            {
                await Task.Delay(s_spaceRetry);
            }
        }
    }
}

/// <summary>An execution as accepted, with the plan that it pins.</summary>
/// <param name="Text">The plan's text, as read.</param>
internal sealed record PinnedPlan(ExecutionRow Row, Plan Plan, ReadOnlyMemory<byte> Text);
