using System.Collections.Immutable;
using System.Security.Cryptography;
using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Journal;
using Hephaestus.Server.Plans;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Executions;

/// <summary>
/// Accepts wishes to run plans, in the order in which they come: pins the plan, gives the execution its id, and hands it to
/// the registry. Up to <see cref="QueueLimit"/> may wait there for their turn.
/// </summary>
internal sealed class Acceptance(ExecutionJournal journal, Registry registry, Intake intake)
{
    /// <summary>Executions that wait for their turn at most; one more is refused.</summary>
    public const int QueueLimit = 10_000;

    private readonly Lock _gate = new();
    private Task _lastBegun = Task.CompletedTask;

    /// <summary>The execution that the same request began before, whatever has become of its plan since; null: none did.</summary>
    public ExecutionState? Known(string requestId) =>
        requestId.Length > 0 && journal.FindRequest(requestId) is { } id ? registry.Find(id) : null;

    /// <summary>Pins a plan and runs it in the background; the state as accepted. A new one is in the journal together with its call.</summary>
    /// <exception cref="QueueFullException">Too many wait already.</exception>
    /// <exception cref="OverlapException">It runs already, and does not overlap with itself.</exception>
    /// <exception cref="DrainingException">None are taken at present.</exception>
    public async Task<AcceptedExecution> ExecuteAsync(ExecutionRequest request)
    {
        var plan = request.Entry.Reading.Plan ?? throw new ArgumentException("The plan has errors.", nameof(request));
        return await ExecuteAsync(Pin(request, plan), plan);
    }

    /// <summary>Runs an ended execution's plan, as it was then, on from its first step that did not end OK.</summary>
    /// <inheritdoc cref="ExecuteAsync(ExecutionRequest)" path="/exception"/>
    /// <exception cref="JournalException">Its plan is not kept any more.</exception>
    public async Task<AcceptedExecution> ResumeAsync(ExecutionState ended, string requestId, Asker asker)
    {
        var (plan, row, text) = Pinned(ended);
        return await ExecuteAsync(Pin(Resumption.Accept(ended), row.File, text, requestId, asker), plan);
    }

    /// <summary>What would become now of a wish to run a plan; it may be otherwise a moment later.</summary>
    public AdmissionOutlook Look(PlanKey key, Plan plan)
    {
        if (intake.Current.Value.Draining)
        {
            return new(new DrainingException(), default);
        }

        var turn = registry.Look(key, plan.Overlap == Overlap.Queue);
        Exception? refusal = plan.Overlap == Overlap.Skip && registry.Unfinished(key) is { } running ? new OverlapException(running)
            : turn.Waiting >= QueueLimit ? new QueueFullException(QueueLimit)
            : null;
        return new(refusal, turn);
    }

    /// <summary>The same of a wish to resume.</summary>
    /// <exception cref="JournalException">Its plan is not kept any more.</exception>
    public AdmissionOutlook Look(ExecutionState ended) => Look(new PlanKey(ended.Set, ended.Plan), Pinned(ended).Plan);

    private (Plan Plan, ExecutionRow Row, ReadOnlyMemory<byte> Text) Pinned(ExecutionState ended) =>
        journal.Find(ended.Id) is { } row && journal.PlanText(ended.Id) is { } text && PlanParser.Parse(text.Span).Plan is { } plan
            ? (plan, row, text)
            : throw new JournalException($"the plan of execution {ended.Id} is not in the journal any more");

    private async Task<AcceptedExecution> ExecuteAsync(NewExecution execution, Plan plan)
    {
        if (Known(execution.RequestId) is { } known)
        {
            return new AcceptedExecution(known, IsNew: false);
        }

        using var entering = intake.Enter();
        if (registry.Waiting >= QueueLimit)
        {
            throw new QueueFullException(QueueLimit);
        }

        // Ids are given in the order of these calls, and the queue keeps it, however long each one's log takes to be made.
        Task<ImmutableArray<ExecutionEvent>>? accepting;
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
            return events.IsEmpty
                ? new AcceptedExecution(Known(execution.RequestId)!, IsNew: false)
                : new AcceptedExecution(await BeginAsync(events, plan, execution.PlanText, before), IsNew: true);
        }
        finally
        {
            begun.SetResult();
        }
    }

    /// <summary>After all that came before is known to run, so that of two such only one is accepted.</summary>
    /// <returns>None: what came before was the same request.</returns>
    private async Task<ImmutableArray<ExecutionEvent>> AcceptAloneAsync(NewExecution execution, Task before)
    {
        await before;
        if (Known(execution.RequestId) is not null)
        {
            return [];
        }

        var key = new PlanKey(execution.Accepted.Set, execution.Accepted.Plan);
        return registry.Unfinished(key) is { } running
            ? throw new OverlapException(running)
            : await journal.AcceptAsync(execution);
    }

    private async Task<ExecutionState> BeginAsync(
        ImmutableArray<ExecutionEvent> events, Plan plan, ReadOnlyMemory<byte> text, Task before)
    {
        CrashPoint.Reach("accepted");
        var state = ExecutionFold.Of(events);
        var row = journal.Find(state.Id) ?? throw new InvalidOperationException("An accepted execution is in the journal.");
        await registry.BeginAsync(new PinnedPlan(row, plan, text), events, [], before);
        return state;
    }

    private static NewExecution Pin(ExecutionRequest request, Plan plan) => Pin(
        new ExecutionFact.Accepted(
            request.Entry.Set, request.Entry.Name, plan.TagId, [.. plan.Steps.Select(Outline)], request.Parameters),
        request.Entry.File,
        request.Entry.Text,
        request.Id,
        request.Asker);

    private static NewExecution Pin(
        ExecutionFact.Accepted accepted, string file, ReadOnlyMemory<byte> text, string requestId, Asker asker) =>
        new(accepted with { By = asker.By }, [], file, text, RandomNumberGenerator.GetHexString(32, lowercase: true), Boot.Id, requestId)
        {
            Call = asker.Call,
        };

    private static StepOutline Outline(PlanStep step) => new(step.Number, step.Kind, step.Name, step.Description, step.Parent);
}
