using System.Collections.Immutable;
using System.Globalization;
using Grpc.Core;
using Hephaestus.Server.Access;
using Hephaestus.Server.Audit;
using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Journal;
using Hephaestus.Server.Plans;
using Wire = Hephaestus.Protocol;

namespace Hephaestus.Server.Streaming;

internal sealed partial class HephaestusService
{
    private const int DefaultPage = 100;

    public override async Task<Wire.PlanId> Execute(Wire.PlanArg request, ServerCallContext context)
    {
        var requestId = RequestId(request.RequestId);
        var state = acceptance.Known(requestId) ?? await ExecuteAsync(request, requestId, context);
        CheckOwn(state, context);
        return new Wire.PlanId { Id = state.Id, Set = state.Set, Plan = state.Plan };
    }

    private async Task<ExecutionState> ExecuteAsync(Wire.PlanArg request, string requestId, ServerCallContext context)
    {
        var entry = await FindNowAsync(request.Set, request.Plan, context.CancellationToken);
        var parameters = Parameters(request.Parameters, entry.Reading.Plan!);
        return await AcceptedAsync(acceptance.ExecuteAsync(new ExecutionRequest(entry, parameters, requestId, AskerOf(context))), context);
    }

    private static Asker AskerOf(ServerCallContext context) => new(
        Caller.Of(context).ToString(), AuditedCall.Of(context).Entry(context, new AuditOutcome(StatusCode.OK)));

    public override async Task<Wire.Execution> ResumeExecution(Wire.ResumeExecutionRequest request, ServerCallContext context)
    {
        var ended = Find(request.Id);
        var requestId = RequestId(request.RequestId);
        if (ended is not { HasEnded: true, State: not State.Ok })
        {
            throw Refusals.CannotResume(request.Id, ended.State);
        }

        if (acceptance.Known(requestId) is null)
        {
            await RefuseDistrustedAsync(ended, context.CancellationToken);
        }

        return request.CheckOnly
            ? acceptance.Look(ended).Refusal is { } refusal ? throw Refusals.NotAccepted(refusal) : Preview(ended).ToMessage()
            : CheckOwn(await AcceptedAsync(acceptance.ResumeAsync(ended, requestId, AskerOf(context)), context), context)
                .ToMessage(registry.WaitsFor);
    }

    /// <summary>An execution that the same request's id began before may be of a plan set that is not the caller's.</summary>
    private static ExecutionState CheckOwn(ExecutionState state, ServerCallContext context) =>
        Permissions.Of(context).Has(Role.Operator, state.Set) ? state : throw Refusals.OthersRequest();

    /// <summary>
    /// What runs is the text as it was accepted once; but who can change the plan now may have been able to then.
    /// </summary>
    private async Task RefuseDistrustedAsync(ExecutionState ended, CancellationToken cancellation)
    {
        try
        {
            var key = new PlanKey(ended.Set, ended.Plan);
            if (await catalogue.Plans.DistrustAsync(key, cancellation) is { IsEmpty: false } distrust)
            {
                throw Refusals.Distrusted(catalogue.FileOf(key), distrust);
            }
        }
        catch (TimeoutException silent)
        {
            throw Refusals.NotNow(silent);
        }
    }

    /// <summary>The execution that would begin now.</summary>
    private static ExecutionState Preview(ExecutionState ended) => ExecutionFold.Of(
        [new ExecutionEvent(0, 0, ended.Set, ended.Plan, DateTimeOffset.UtcNow, Resumption.Accept(ended))]);

    private static async Task<ExecutionState> AcceptedAsync(Task<AcceptedExecution> accepting, ServerCallContext context)
    {
        try
        {
            var accepted = await accepting;
            AuditedCall.Of(context).IsRecorded = accepted.IsNew;
            return accepted.State;
        }
        catch (Exception refusal) when (refusal is QueueFullException or OverlapException or DrainingException)
        {
            throw Refusals.NotAccepted(refusal);
        }
    }

    private static string RequestId(string text) =>
        // Two ids that are not UTF-8 may look the same here.
        text.Length <= Limits.RequestId && !text.Any(letter => char.IsControl(letter) || letter == '\uFFFD')
            ? text
            : throw Refusals.BadRequestId();

    private static ImmutableArray<Variable> Parameters(IDictionary<string, string> wanted, Plan plan)
    {
        var parameters = wanted.OrderBy(given => given.Key, StringComparer.Ordinal).ToArray();
        if (parameters.FirstOrDefault(given => !plan.Parameters.Contains(given.Key)) is { Key: { } unknown })
        {
            throw Refusals.UnknownParameter(unknown, plan.Parameters);
        }

        if (parameters.FirstOrDefault(given => given.Value.Contains('\0', StringComparison.Ordinal)) is { Key: { } broken })
        {
            throw Refusals.BrokenParameter(broken);
        }

        return parameters.Sum(given => given.Key.Length + given.Value.Length) <= Limits.Parameters
            ? [.. parameters.Select(given => new Variable(given.Key, given.Value))]
            : throw Refusals.LargeParameters(Limits.Parameters);
    }

    /// <summary>The newest that fit in a message; how many did not, the trailer <c>left-out</c> says.</summary>
    public override Task<Wire.PlanList> ShowPlans(Wire.Empty request, ServerCallContext context)
    {
        var reach = Seen(context);
        var (list, left) = journal.Snapshot(view => Newest(view, reach));
        if (left > 0)
        {
            context.ResponseTrailers.Add("left-out", left.ToString(CultureInfo.InvariantCulture));
        }

        return Task.FromResult(list);
    }

    private static (Wire.PlanList List, long LeftOut) Newest(JournalView view, SetGlobs reach)
    {
        var (list, room, names) = (new Wire.PlanList(), MessageBudget, new Dictionary<string, string>());
        var newest = view.Listed(row =>
        {
            var id = new Wire.PlanId { Id = row.Id, Set = Once(row.Set), Plan = Once(row.Plan) };
            return (room -= id.CalculateSize() + FieldOverhead) >= 0 ? id : null;
        }, reach);
        newest.Reverse();
        list.Ids.AddRange(newest);
        return (list, room < 0 ? view.ListedCount(reach) - newest.Count : 0);

        // A long list names few sets and plans, again and again.
        string Once(string name) => names.TryGetValue(name, out var known) ? known : names[name] = name;
    }

    public override Task<Wire.Execution> GetExecution(Wire.GetExecutionRequest request, ServerCallContext context) =>
        Task.FromResult(Find(request.Id).ToMessage(registry.WaitsFor));

    public override Task<Wire.ExecutionPage> ListExecutions(Wire.ListExecutionsRequest request, ServerCallContext context)
    {
        var limit = request.PageSize == 0 ? DefaultPage : (int)Math.Min(request.PageSize, Limits.Page);
        CheckFilter(request.Set, request.Plan);
        var query = new ExecutionQuery(
            limit, Before(request.PageToken), request.Set, request.Plan, Known(request.States), request.ListedOnly)
        {
            Reach = Seen(context),
        };
        var states = journal.Snapshot(view => States(view, view.Page(query)));
        var page = new Wire.ExecutionPage();
        page.Executions.AddRange(Fitting(states, out var leftOut));
        var more = leftOut > 0 || states.Count == limit;
        page.Draining = draining.IsOn;
        page.NextPageToken = more ? page.Executions[^1].Id.ToString(CultureInfo.InvariantCulture) : "";
        return Task.FromResult(page);
    }

    public override async Task<Wire.Execution> CancelExecution(Wire.CancelExecutionRequest request, ServerCallContext context)
    {
        Find(request.Id);
        var reason = Reason(request.Reason);
        if (await registry.CancelAsync(request.Id, Caller.Of(context).ToString(), reason, context.CancellationToken) is { } asked)
        {
            return asked.ToMessage(registry.WaitsFor);
        }

        var state = Find(request.Id);
        throw state.HasEnded ? Refusals.HasEnded(request.Id, StateWords.Of(state.State)) : Refusals.NotThereYet(request.Id);
    }

    /// <summary>
    /// The journal is the queue: a subscriber is a sequence number, and reads on from it when there is more. A slow one
    /// costs nothing.
    /// </summary>
    public override async Task WatchExecutions(
        Wire.WatchExecutionsRequest request, IServerStreamWriter<Wire.ExecutionUpdate> updates, ServerCallContext context)
    {
        CheckFilter(request.Set, request.Plan);
        var filter = new EventFilter(request.Set, request.Plan, request.Id) { Reach = Seen(context) };
        var position = request.HasAfterSequence
            ? Known(request.AfterSequence, filter)
            : await SendSnapshotAsync(request, filter, updates, context.CancellationToken);

        // At once, so that a subscriber who resumes knows that it is heard, be there news or not.
        await updates.WriteAsync(new Wire.ExecutionUpdate { Heartbeat = Heartbeat(position) }, context.CancellationToken);
        while (true)
        {
            var (_, version) = journal.Head.Current;
            position = await SendEventsAsync(position, filter, updates, context.CancellationToken);
            if (!await journal.Head.NextAsync(version, s_heartbeat, context.CancellationToken))
            {
                await updates.WriteAsync(new Wire.ExecutionUpdate { Heartbeat = Heartbeat(position) }, context.CancellationToken);
            }
        }
    }

    private async Task<long> SendEventsAsync(
        long position, EventFilter filter, IServerStreamWriter<Wire.ExecutionUpdate> updates, CancellationToken cancellation)
    {
        const int limit = 1000;
        EventPage page;
        do
        {
            page = journal.EventsAfter(position, limit, filter);
            if (page.Pruned)
            {
                // A subscriber so slow that retention has passed it.
                throw Refusals.UnknownSequence((ulong)position, journal.OldestSequence);
            }

            foreach (var happened in page.Events)
            {
                await updates.WriteAsync(new Wire.ExecutionUpdate { Event = EventCodec.ToMessage(happened) }, cancellation);
            }

            position = page.Through;
        }
        while (!page.Complete);

        return position;
    }

    private async Task<long> SendSnapshotAsync(
        Wire.WatchExecutionsRequest request,
        EventFilter filter,
        IServerStreamWriter<Wire.ExecutionUpdate> updates,
        CancellationToken cancellation)
    {
        var newest = (int)Math.Min(request.Newest, Limits.Page);
        var (head, states) = journal.Snapshot(view => (view.Head, Newest(view, filter, newest)));
        var snapshot = new Wire.ExecutionSnapshot { Sequence = (ulong)head };
        snapshot.Executions.AddRange(Fitting(states, out var leftOut));
        snapshot.LeftOut = (uint)leftOut;
        await updates.WriteAsync(new Wire.ExecutionUpdate { Snapshot = snapshot }, cancellation);
        return head;
    }

    /// <summary>All that have not ended and the newest that have, newest first.</summary>
    private static List<ExecutionState> Newest(JournalView view, EventFilter filter, int newest)
    {
        var ended = newest == 0 ? [] : view.Page(Ended(filter, newest)).AsEnumerable();
        var wanted = view.Unfinished().Concat(filter.Execution == 0 ? ended : One(view, filter.Execution))
            .Where(row => (filter.Execution is 0 || row.Id == filter.Execution)
                && (filter.Set.Length == 0 || row.Set == filter.Set)
                && (filter.Plan.Length == 0 || row.Plan == filter.Plan)
                && filter.Reach.Covers(row.Set));
        return States(view, wanted.DistinctBy(row => row.Id).OrderByDescending(row => row.Id));
    }

    private static ExecutionQuery Ended(EventFilter filter, int newest) =>
        new(newest, null, filter.Set, filter.Plan, Ends) { Reach = filter.Reach };

    private static ImmutableArray<State> Ends => [State.Ok, State.Nok, State.Failed, State.Cancelled, State.Lost];

    private static IEnumerable<ExecutionRow> One(JournalView view, uint id) => view.Find(id) is { } row ? [row] : [];

    private static List<ExecutionState> States(JournalView view, IEnumerable<ExecutionRow> rows) =>
        [.. rows.Select(view.StateOf)];

    private List<Wire.Execution> Fitting(List<ExecutionState> states, out int leftOut)
    {
        var room = MessageBudget;
        List<Wire.Execution> fitting =
        [
            .. states.Select(state => state.ToMessage(registry.WaitsFor))
                .TakeWhile(message => (room -= message.CalculateSize() + FieldOverhead) >= 0),
        ];
        leftOut = states.Count - fitting.Count;
        return fitting;
    }

    private long Known(ulong sequence, EventFilter filter)
    {
        if (sequence <= long.MaxValue && journal.IsKnown((long)sequence, filter))
        {
            return (long)sequence;
        }

        throw Refusals.UnknownSequence(sequence, journal.OldestSequence);
    }

    private static ImmutableArray<State> Known(IEnumerable<State> states)
    {
        ImmutableArray<State> asked = [.. states.Distinct().Take(Enum.GetValues<State>().Length + 1)];
        return asked.All(Enum.IsDefined) ? asked : throw Refusals.BadState((int)asked.First(state => !Enum.IsDefined(state)));
    }

    private static string Reason(string text) =>
        text.Length <= Limits.Reason && !text.Any(letter => char.IsControl(letter) && letter is not ('\t' or '\n'))
            ? text
            : throw Refusals.BadReason();

    private static uint? Before(string token) => token.Length == 0
        ? null
        : token.Length <= Limits.PageToken && uint.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : throw Refusals.BadPageToken();
}
