using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Security.Cryptography;
using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Journal;
using Hephaestus.Server.Logs;
using Hephaestus.Server.Plans;
using Hephaestus.Server.Steps;
using Hephaestus.Server.Supervision;
using Microsoft.Extensions.Logging;

namespace Hephaestus.Server.Executions;

/// <summary>
/// The runs: accepts executions, drives those that have not ended, and gives the state of any. At most
/// <paramref name="limit"/> run at once; up to <see cref="QueueLimit"/> more wait in the order of their ids.
/// </summary>
internal sealed class Registry(
    ExecutionJournal journal,
    LogStore logs,
    StepRunner steps,
    int limit,
    ILogger<Registry> logger) : IDisposable
{
    /// <summary>Executions that wait for their turn at most; one more is refused.</summary>
    public const int QueueLimit = 10_000;

    // Not long-running: that would give each execution a thread of its own.
    private static readonly IScheduler s_scheduler =
        TaskPoolScheduler.Default.DisableOptimizations(typeof(ISchedulerLongRunning));

    private static readonly TimeSpan s_spaceRetry = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<uint, LiveExecution> _live = new();
    private readonly Turns _turns = new(limit);
    private readonly Lock _gate = new();
    private Task _lastBegun = Task.CompletedTask;

    /// <summary>Pins a plan and runs it in the background; the state as accepted.</summary>
    /// <exception cref="QueueFullException">Too many wait already.</exception>
    /// <exception cref="OverlapException">It runs already, and does not overlap with itself.</exception>
    public async Task<ExecutionState> ExecuteAsync(ExecutionRequest request)
    {
        var plan = request.Entry.Reading.Plan ?? throw new ArgumentException("The plan has errors.", nameof(request));
        return await ExecuteAsync(Pin(request, plan), plan);
    }

    /// <summary>Runs an ended execution's plan, as it was then, on from its first step that did not end OK.</summary>
    /// <inheritdoc cref="ExecuteAsync(ExecutionRequest)" path="/exception"/>
    /// <exception cref="JournalException">Its plan is not kept any more.</exception>
    public async Task<ExecutionState> ResumeAsync(ExecutionState ended, string requestId)
    {
        var text = journal.PlanText(ended.Id);
        return journal.Find(ended.Id) is { } row && text is { } pinned && PlanParser.Parse(pinned.Span).Plan is { } plan
            ? await ExecuteAsync(Pin(Resumption.Accept(ended), row.File, pinned, requestId), plan)
            : throw new JournalException($"the plan of execution {ended.Id} is not in the journal any more");
    }

    private async Task<ExecutionState> ExecuteAsync(NewExecution execution, Plan plan)
    {
        if (Known(execution) is { } known)
        {
            return known;
        }

        if (_turns.Waiting >= QueueLimit)
        {
            throw new QueueFullException(QueueLimit);
        }

        // Ids are given in the order of these calls, and the queue keeps it, however long each one's log takes to be made.
        Task<ImmutableArray<ExecutionEvent>>? accepting = null;
        Task before;
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            accepting = plan.Overlap == Overlap.Skip ? null : journal.AcceptAsync(execution);
            (before, _lastBegun) = (_lastBegun, begun.Task);
        }

        try
        {
            var events = await (accepting ?? AcceptAloneAsync(execution, before));
            return events.IsEmpty ? Known(execution)! : await BeginAsync(events, plan, execution.PlanText, before);
        }
        finally
        {
            begun.SetResult();
        }
    }

    /// <summary>The execution that the same request began before.</summary>
    private ExecutionState? Known(NewExecution execution) =>
        execution.RequestId.Length > 0 && journal.FindRequest(execution.RequestId) is { } id ? Find(id) : null;

    /// <summary>After all that came before is known to run, so that of two such only one is accepted.</summary>
    private async Task<ImmutableArray<ExecutionEvent>> AcceptAloneAsync(NewExecution execution, Task before)
    {
        await before;
        var key = new PlanKey(execution.Accepted.Set, execution.Accepted.Plan);
        return _live.Values.FirstOrDefault(live => live.Plan == key && Find(live.Id) is { HasEnded: false }) is { } running
            ? throw new OverlapException(running.Id)
            : await journal.AcceptAsync(execution);
    }

    private async Task<ExecutionState> BeginAsync(
        ImmutableArray<ExecutionEvent> events, Plan plan, ReadOnlyMemory<byte> text, Task before)
    {
        CrashPoint.Reach("accepted");
        var state = ExecutionFold.Of(events);
        var row = journal.Find(state.Id) ?? throw new InvalidOperationException("An accepted execution is in the journal.");
        await BeginAsync(new PinnedPlan(row, plan, text), events, [], before);
        return state;
    }

    /// <summary>The execution while it lives; null: it has ended, or never was.</summary>
    public LiveExecution? Live(uint id) => _live.GetValueOrDefault(id);

    /// <summary>
    /// The state of any execution; null: no such one. As the journal has it: whoever was told of an event finds it here,
    /// also while the execution's own log is being told.
    /// </summary>
    public ExecutionState? Find(uint id)
    {
        var events = journal.EventsOf(id);
        return events.Count == 0 ? null : ExecutionFold.Of(events);
    }

    /// <summary>
    /// Asks a live execution to end; completes when that is in the journal, so that no crash forgets it. The end comes as an
    /// event. Null: it has ended, or never was.
    /// </summary>
    public async Task<ExecutionState?> CancelAsync(uint id, string by, string reason, CancellationToken cancellation)
    {
        if (Live(id) is not { } live || Find(id) is not { HasEnded: false })
        {
            return null;
        }

        live.Requests.OnNext(new ExecutionFact.CancelRequested(by, reason));
        while (true)
        {
            var (_, version) = journal.Head.Current;
            if (Find(id) is { Cancel: not null } asked)
            {
                return asked;
            }

            if (Find(id) is not { HasEnded: false })
            {
                return null;
            }

            await journal.Head.NextAsync(version, cancellation);
        }
    }

    /// <summary>Commits a fact of an execution that has ended.</summary>
    public async Task AddAsync(uint id, ExecutionFact fact)
    {
        if (Live(id) is { } live)
        {
            await live.CommitAsync([fact]);
        }
        else
        {
            await journal.AppendAsync(id, [fact]);
        }
    }

    /// <summary>
    /// Takes an execution into the server's hands and runs it on to its end, in its turn. Where its log finds no place on
    /// the disk this returns all the same, and it begins when there is space.
    /// </summary>
    /// <param name="events">All of its events so far.</param>
    /// <param name="unsettled">Attempts for which something is held; of those that have ended, output may still grow.</param>
    /// <param name="before">It enters the queue when this is done.</param>
    public async Task BeginAsync(
        PinnedPlan pinned, IReadOnlyList<ExecutionEvent> events, ImmutableArray<AttemptKey> unsettled, Task before)
    {
        if (!await TryBeginAsync(pinned, events, unsettled, before))
        {
            _ = BeginLaterAsync(pinned, events, unsettled);
        }
    }

    /// <summary>Writes the remarks of an ended execution that a killed server journalled and did not write.</summary>
    public void CompleteLog(PinnedPlan pinned, IReadOnlyList<ExecutionEvent> events)
    {
        var state = ExecutionFold.Of(events);
        if (!Directory.Exists(logs.DirectoryOf(state.Id)))
        {
            return;
        }

        try
        {
            using var log = OpenLog(pinned, state);
            Remarks.Write(log, events);
        }
        catch (IOException fault)
        {
            logger.LogError("Execution {Id}: its log may lack remarks: {Fault}", state.Id, fault.Message);
        }
    }

    private async Task BeginLaterAsync(PinnedPlan pinned, IReadOnlyList<ExecutionEvent> events, ImmutableArray<AttemptKey> unsettled)
    {
        do
        {
            await Task.Delay(s_spaceRetry);
        }
        while (!await TryBeginAsync(pinned, events, unsettled, Task.CompletedTask));
    }

    private async Task<bool> TryBeginAsync(
        PinnedPlan pinned, IReadOnlyList<ExecutionEvent> events, ImmutableArray<AttemptKey> unsettled, Task before)
    {
        var state = ExecutionFold.Of(events);
        try
        {
            var log = OpenLog(pinned, state);
            try
            {
                Remarks.Write(log, events);
            }
            catch (IOException)
            {
                log.Dispose();
                throw;
            }

            var live = new LiveExecution(pinned, journal, log, state, () => _live.TryRemove(state.Id, out _));
            _live[state.Id] = live;
            await ResumeAsync(live, unsettled, before);
            return true;
        }
        catch (IOException fault)
        {
            logger.LogError("Execution {Id} waits, its log cannot be written: {Fault}", state.Id, fault.Message);
            return false;
        }
    }

    private ExecutionLog OpenLog(PinnedPlan pinned, ExecutionState state)
    {
        if (state.Attempts.IsEmpty)
        {
            return logs.Create(state.Id, pinned.Text);
        }

        var files = state.Attempts.Index().SelectMany(attempt => Files(state.Id, attempt.Index, attempt.Item));
        return logs.Open(state.Id, [.. files]);
    }

    private LogFile[] Files(uint id, int ordinal, AttemptKey attempt)
    {
        var files = new AttemptFiles(logs.DirectoryOf(id), attempt.Step, attempt.Attempt);
        return [new(LogSource.Out(ordinal), files.Out), new(LogSource.Err(ordinal), files.Err)];
    }

    private async Task ResumeAsync(LiveExecution live, ImmutableArray<AttemptKey> unsettled, Task before)
    {
        if (!live.State.HasEnded && live.BootId != Boot.Id)
        {
            await live.CommitAsync(Course.AfterReboot(live.State, DateTimeOffset.UtcNow));
        }

        foreach (var attempt in unsettled.Where(attempt => Ended(live.State, attempt)))
        {
            Settle(live, attempt);
        }

        switch (live.State)
        {
            case { HasEnded: true }:
                live.Use.Dispose();
                break;
            case { State: State.Queued }:
                await before;
                var admitted = _turns.Enter(live.Id, live.Plan, live.RunsAlone);
                Drive(live);
                Admit(admitted);
                break;
            default:
                _turns.Resume(live.Id, live.Plan);
                Drive(live);
                break;
        }
    }

    /// <summary>Detaches from everything that runs; nothing of it ends.</summary>
    public void Dispose()
    {
        foreach (var live in _live.Values)
        {
            live.Dispose();
        }
    }

    private static NewExecution Pin(ExecutionRequest request, Plan plan) => Pin(
        new ExecutionFact.Accepted(
            request.Entry.Set, request.Entry.Name, plan.TagId, [.. plan.Steps.Select(Outline)], request.Parameters),
        request.Entry.File,
        request.Entry.Text,
        request.Id);

    private static NewExecution Pin(ExecutionFact.Accepted accepted, string file, ReadOnlyMemory<byte> text, string requestId) =>
        new(accepted, [], file, text, RandomNumberGenerator.GetHexString(32, lowercase: true), Boot.Id, requestId);

    private static StepOutline Outline(PlanStep step) => new(step.Number, step.Kind, step.Name, step.Description, step.Parent);

    private void Drive(LiveExecution live)
    {
        var chain = new ExecutionChain(
            facts => Observable.FromAsync(() => live.CommitAsync(facts)),
            (attempt, cancelled) => steps.Run(live.Run(attempt), cancelled),
            live.Course,
            s_scheduler);
        var settled = live.State.Attempts.Where(attempt => Ended(live.State, attempt)).ToHashSet();
        live.Drive = chain.Run(live.State, live.Requests).Subscribe(
            state =>
            {
                foreach (var attempt in state.Attempts.Where(attempt => Ended(state, attempt) && settled.Add(attempt)))
                {
                    Settle(live, attempt);
                }
            },
            fault => logger.LogCritical(fault, "Execution {Id} is not driven any more; a restart takes it up again", live.Id),
            () => Leave(live));
    }

    private static bool Ended(ExecutionState state, AttemptKey attempt) =>
        attempt.Attempt < state.Step(attempt.Step).Attempts || state.Step(attempt.Step).State != State.Running;

    private void Admit(ImmutableArray<uint> admitted)
    {
        foreach (var id in admitted)
        {
            Live(id)?.Requests.OnNext(new ExecutionFact.Started());
        }
    }

    private void Settle(LiveExecution live, AttemptKey attempt) => _ = SettleAsync(live, attempt);

    private async Task SettleAsync(LiveExecution live, AttemptKey attempt)
    {
        using var use = live.Use.GetDisposable();
        try
        {
            var run = live.Run(attempt);
            if (await steps.FinishAsync(run) is { } remark)
            {
                await live.CommitAsync([remark]);
            }

            await steps.ReleaseAsync(run.Key);
        }
        catch (OperationCanceledException)
        {
            logger.LogDebug("Execution {Id}, {Attempt}: the next start settles it", live.Id, attempt);
        }
        catch (Exception fault)
        {
            logger.LogError(fault, "Execution {Id}, {Attempt}: its last output could not be settled", live.Id, attempt);
        }
    }

    private void Leave(LiveExecution live)
    {
        live.Use.Dispose();
        Admit(_turns.Leave(live.Id));
    }
}
