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

    private readonly ConcurrentDictionary<uint, LiveExecution> _live = new();
    private readonly Turns _turns = new(limit);

    /// <summary>Pins a plan and runs it in the background; the state as accepted.</summary>
    /// <exception cref="QueueFullException">Too many wait already.</exception>
    public async Task<ExecutionState> ExecuteAsync(CatalogueEntry entry)
    {
        var plan = entry.Reading.Plan ?? throw new ArgumentException("The plan has errors.", nameof(entry));
        if (_turns.Waiting >= QueueLimit)
        {
            throw new QueueFullException(QueueLimit);
        }

        var events = await journal.AcceptAsync(Pin(entry, plan));
        CrashPoint.Reach("accepted");
        var state = ExecutionFold.Of(events);
        var row = journal.Find(state.Id) ?? throw new InvalidOperationException("An accepted execution is in the journal.");
        var log = logs.Create(state.Id, entry.Text);
        Remarks.Write(log, events);
        Resume(Take(new PinnedPlan(row, plan), log, state), []);
        return state;
    }

    /// <summary>The execution while it lives; null: it has ended, or never was.</summary>
    public LiveExecution? Live(uint id) => _live.GetValueOrDefault(id);

    /// <summary>The state of any execution; null: no such one.</summary>
    public ExecutionState? Find(uint id)
    {
        if (Live(id) is { } live)
        {
            return live.State;
        }

        var events = journal.EventsOf(id);
        return events.Count == 0 ? null : ExecutionFold.Of(events);
    }

    /// <summary>Asks a live execution to end; its end comes as an event. Null: it has ended, or never was.</summary>
    public ExecutionState? Cancel(uint id, string by, string reason)
    {
        if (Live(id) is not { State.HasEnded: false } live)
        {
            return null;
        }

        live.Requests.OnNext(new ExecutionFact.CancelRequested(by, reason));
        return live.State;
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

    /// <summary>Takes up, at the start, what an earlier server left; <see cref="Recovery"/> finds it.</summary>
    public LiveExecution Take(PinnedPlan pinned, ExecutionLog log, ExecutionState state) =>
        _live[state.Id] = new LiveExecution(pinned, journal, log, state, () => _live.TryRemove(state.Id, out _));

    /// <summary>Runs it on to its end, in its turn.</summary>
    /// <param name="unsettled">Ended attempts whose output may still grow.</param>
    public void Resume(LiveExecution live, IEnumerable<AttemptKey> unsettled)
    {
        foreach (var attempt in unsettled)
        {
            Settle(live, attempt);
        }

        switch (live.State)
        {
            case { HasEnded: true }:
                live.Use.Dispose();
                break;
            case { State: State.Queued }:
                Drive(live);
                Admit(_turns.Enter(live.Id));
                break;
            default:
                _turns.Resume(live.Id);
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

    private static NewExecution Pin(CatalogueEntry entry, Plan plan) => new(
        entry.Set,
        entry.Name,
        plan.TagId,
        entry.File,
        entry.Text,
        RandomNumberGenerator.GetHexString(32, lowercase: true),
        Boot.Id,
        new ExecutionFact.Accepted(entry.Set, entry.Name, plan.TagId, [.. plan.Steps.Select(Outline)]),
        []);

    private static StepOutline Outline(PlanStep step) => new(step.Number, step.Kind, step.Name, step.Description, step.Parent);

    private void Drive(LiveExecution live)
    {
        var chain = new ExecutionChain(
            facts => Observable.FromAsync(() => live.CommitAsync(facts)),
            (attempt, cancelled) => steps.Run(live.Run(attempt), cancelled),
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
            if (await steps.SettleAsync(live.Run(attempt)) is { } remark)
            {
                await live.CommitAsync([remark]);
            }
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
