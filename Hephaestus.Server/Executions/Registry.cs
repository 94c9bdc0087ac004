using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reactive.Concurrency;
using System.Reactive.Linq;
using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Facts;
using Hephaestus.Server.Journal;
using Hephaestus.Server.Logs;
using Hephaestus.Server.Steps;
using Hephaestus.Server.Supervision;
using Microsoft.Extensions.Logging;

namespace Hephaestus.Server.Executions;

/// <summary>
/// The runs: drives those that have not ended, at most <paramref name="limit"/> at once and in the order of their ids, and
/// gives the state of any.
/// </summary>
internal sealed class Registry(
    ExecutionJournal journal,
    PinnedLogs logs,
    StepRunner steps,
    int limit,
    Waits waits,
    ILogger<Registry> logger) : IDisposable
{
    // Not long-running: that would give each execution a thread of its own.
    private static readonly IScheduler s_scheduler =
        TaskPoolScheduler.Default.DisableOptimizations(typeof(ISchedulerLongRunning));

    private static readonly TimeSpan s_spaceRetry = TimeSpan.FromSeconds(1);

    /// <summary>See <see cref="ExecutionChain"/>.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<uint, LiveExecution> _live = new();
    private readonly ConcurrentDictionary<uint, PinnedPlan> _later = new();
    private readonly Turns _turns = new(limit);

    /// <summary>How many wait for their turn.</summary>
    public int Waiting => _turns.Waiting;

    /// <summary>The newest execution of which nothing lives any more; nothing is added to its log.</summary>
    public Latest<uint> Buried { get; } = new(0);

    /// <summary>Whether something may still be added to an execution's log.</summary>
    public bool IsBusy(uint id) => _later.ContainsKey(id) || _live.ContainsKey(id);

    /// <summary>An execution of a plan that has not ended; null: there is none.</summary>
    public uint? Unfinished(PlanKey plan) =>
        _live.Values.FirstOrDefault(live => live.Plan == plan && Find(live.Id) is { HasEnded: false })?.Id;

    /// <summary>Whether one more of a plan would run at once, and what it would wait for.</summary>
    public TurnOutlook Look(PlanKey plan, bool alone) => _turns.Look(plan, alone);

    /// <summary>The execution while it lives; null: it has ended, or never was.</summary>
    public LiveExecution? Live(uint id) => _live.GetValueOrDefault(id);

    /// <summary>What a running attempt waits for at this moment; null: for nothing.</summary>
    public string? WaitsFor(StepKey key) => steps.WaitsFor(key);

    /// <summary>
    /// The state of any execution; null: no such one. As the journal has it: whoever was told of an event finds it here,
    /// also while the execution's own log is being told.
    /// </summary>
    public ExecutionState? Find(uint id) => journal.StateOf(id);

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
            _later[pinned.Row.Id] = pinned;
            _ = BeginLaterAsync(pinned, events, unsettled);
        }
    }

    private async Task BeginLaterAsync(PinnedPlan pinned, IReadOnlyList<ExecutionEvent> events, ImmutableArray<AttemptKey> unsettled)
    {
        do
        {
            await Task.Delay(s_spaceRetry);
        }
        while (!await TryBeginAsync(pinned, events, unsettled, Task.CompletedTask));

        waits.Remove(pinned);
        _later.TryRemove(pinned.Row.Id, out _);
    }

    private void Bury(uint id)
    {
        _live.TryRemove(id, out _);
        Buried.Set(id);
    }

    private async Task<bool> TryBeginAsync(
        PinnedPlan pinned, IReadOnlyList<ExecutionEvent> events, ImmutableArray<AttemptKey> unsettled, Task before)
    {
        var state = ExecutionFold.Of(events);
        try
        {
            var log = logs.Open(pinned, state);
            try
            {
                Remarks.Write(log, events);
            }
            catch (IOException)
            {
                log.Dispose();
                throw;
            }

            var live = new LiveExecution(pinned, journal, log, state, () => Bury(state.Id));
            _live[state.Id] = live;
            await ResumeAsync(live, unsettled, before);
            return true;
        }
        catch (IOException fault)
        {
            if (waits.Add(pinned, "its log cannot be written", fault.Message))
            {
                logger.LogError("Execution {Id} waits, its log cannot be written: {Fault}", state.Id, fault.Message);
            }

            return false;
        }
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

    private void Drive(LiveExecution live)
    {
        var chain = new ExecutionChain(
            facts => Observable.FromAsync(() => live.CommitAsync(facts)),
            (attempt, cancelled) => steps.Run(live.Run(attempt), cancelled),
            live.Course,
            s_scheduler,
            s_patience);
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
