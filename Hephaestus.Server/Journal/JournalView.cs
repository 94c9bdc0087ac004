using System.Collections.Immutable;
using System.Text;
using Google.Protobuf;
using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Executions;
using Microsoft.Data.Sqlite;
using Wire = Hephaestus.Protocol;

namespace Hephaestus.Server.Journal;

/// <summary>The journal at one moment: all reads of one view see the same state. Not to be kept.</summary>
internal sealed class JournalView(JournalConnection connection)
{
    /// <summary>A page of events ends with the event that reaches this many bytes.</summary>
    private const int PageBytes = 1024 * 1024;

    private const string Columns =
        "SELECT id, set_name, plan, tag_id, file, instance, boot_id, accepted, state, ended, dumped, log_kept FROM executions";

    private const string ListedColumns = "SELECT id, set_name, plan FROM executions INDEXED BY executions_listed WHERE listed = 1";

    private const string WithinSets = "set_name IN (SELECT value FROM json_each($1))";

    /// <summary>So many executions are passed over in the hope to find a limited caller's among them.</summary>
    private const int MostPassed = 1000;

    private static readonly ImmutableArray<State> s_allStates =
        [State.Queued, State.Running, State.Ok, State.Nok, State.Failed, State.Cancelled, State.Lost];

    /// <summary>The newest sequence number; 0: no event yet.</summary>
    public long Head => Math.Max(Pruned, connection.Number("SELECT max(sequence) FROM events") ?? 0);

    /// <summary>From this sequence number on no event is missing; 0: no event yet.</summary>
    public long OldestSequence => connection.Number("SELECT min(sequence) FROM events WHERE sequence > $1", Pruned) ?? Pruned;

    /// <summary>The newest event that retention took; 0: none.</summary>
    private long Pruned => connection.Number("SELECT pruned FROM numbers") ?? 0;

    /// <summary>
    /// Whether events that pass the filter can be read on from this position without a gap: nothing after it was pruned, and
    /// it is 0, or the number of an event that is here or was the last to be pruned. One that a power loss took, or that was
    /// never given out, is not known: what came instead bears other numbers.
    /// </summary>
    public bool IsKnown(long sequence, EventFilter? filter = null)
    {
        var (pruned, ofThese) = (Pruned, PrunedOf(filter));
        return sequence >= ofThese
            && (sequence == pruned || sequence == ofThese
                || connection.Number("SELECT 1 FROM events WHERE sequence = $1", sequence) is not null);
    }

    /// <summary>
    /// The events after a position: at most <paramref name="limit"/> are looked at, about 1 MiB of them, so that a filter
    /// that nothing passes costs no more than one that everything does.
    /// </summary>
    public EventPage EventsAfter(long sequence, int limit, EventFilter filter)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        if (sequence < PrunedOf(filter)) return new EventPage([], sequence, Complete: false, Pruned: true);
        var (events, through, bytes, seen) = (new List<ExecutionEvent>(), sequence, 0, 0);
        using (var rows = QueryAfter(sequence, limit, filter.Execution))
        {
            while (bytes < PageBytes && rows.Read())
            {
                var payload = rows.GetFieldValue<byte[]>(1);
                var happened = Decode(payload);
                if (filter.Passes(happened)) events.Add(happened);
                (through, bytes, seen) = (rows.GetInt64(0), bytes + payload.Length, seen + 1);
            }
        }

        var complete = bytes < PageBytes && seen < limit;
        return new EventPage(events, complete ? Math.Max(sequence, Head) : through, complete);
    }

    /// <summary>The executions of the last events, each once.</summary>
    public IReadOnlyList<uint> Latest(int events) => connection.Rows(
        "SELECT DISTINCT execution FROM (SELECT execution FROM events ORDER BY sequence DESC LIMIT $1)", Id, events);

    /// <summary>All events of an execution that are kept, ascending; none: it is not known, or they were pruned.</summary>
    public IReadOnlyList<ExecutionEvent> EventsOf(uint execution) => EventsOf(execution, 0);

    /// <summary>An execution's state: the fold of its events, which may go on from a summary. Null: there is none of this id.</summary>
    public ExecutionState? StateOf(uint id) => Find(id) is { } row ? StateOf(row) : null;

    /// <inheritdoc cref="StateOf(uint)"/>
    public ExecutionState StateOf(ExecutionRow row)
    {
        var summary = row.LogKept ? null : Logs.Summary(row.Id);
        return EventsOf(row.Id, summary?.Sequence ?? 0).Aggregate(summary, ExecutionFold.Apply)
            ?? throw new JournalException($"the journal has no events of execution {row.Id}; restore it from a backup");
    }

    /// <summary>One execution; null: there is none of this id.</summary>
    public ExecutionRow? Find(uint id) => connection.Rows($"{Columns} WHERE id = $1", Row, (long)id).SingleOrDefault();

    /// <summary>The execution that was accepted for a request's id; null: there is none.</summary>
    public uint? FindRequest(string requestId) =>
        (uint?)connection.Number("SELECT id FROM executions WHERE request_id = $1", requestId);

    /// <summary>The pinned plan's bytes; null: there is no execution of this id.</summary>
    public ReadOnlyMemory<byte>? PlanText(uint id) => connection.Rows<ReadOnlyMemory<byte>?>(
        "SELECT text FROM plan_texts WHERE id = (SELECT plan_text FROM executions WHERE id = $1)",
        row => row.GetFieldValue<byte[]>(0),
        (long)id).SingleOrDefault();

    /// <summary>Those that wait or run, in the order of their ids.</summary>
    public IReadOnlyList<ExecutionRow> Unfinished() =>
        connection.Rows(
            $"{Columns} WHERE listed = 1 AND state IN ($1, $2) ORDER BY id",
            Row, (long)State.Queued, (long)State.Running);

    /// <summary>The oldest of those.</summary>
    public IReadOnlyList<ExecutionRow> OldestUnfinished(int limit) => connection.Rows(
        $"{Columns} WHERE state IN ($1, $2) ORDER BY id LIMIT $3", Row, (long)State.Queued, (long)State.Running, limit);

    /// <summary>How many executions have this state.</summary>
    public long Count(State state) => connection.Number("SELECT count(*) FROM executions WHERE state = $1", (long)state) ?? 0;

    /// <summary>A page of executions, newest first.</summary>
    public IReadOnlyList<ExecutionRow> Page(ExecutionQuery query)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        return query switch
        {
            { Reach.IsAll: true } => Newest(query, [query.Set]),
            { Set.Length: > 0 } => query.Reach.Covers(query.Set) ? Newest(query, [query.Set]) : [],
            _ => AmongNewest(query) ?? Newest(query, Sets.Within(query.Reach)),
        };
    }

    /// <summary>The plan sets of which there are executions.</summary>
    public KnownSets Sets => new(connection);

    /// <summary>What is made of the newest that are listed, newest first, up to the first of which nothing is.</summary>
    /// <param name="reach">Only of sets that are among these.</param>
    public List<T> Listed<T>(Func<ListedExecution, T?> take, SetGlobs reach)
        where T : class
    {
        using var rows = reach.IsAll
            ? connection.Query($"{ListedColumns} ORDER BY id DESC")
            : connection.Query($"{ListedColumns} AND {WithinSets} ORDER BY id DESC", Sets.Parameter(reach));
        var newest = new List<T>();
        while (rows.Read() && take(ListedRow(rows)) is { } taken) newest.Add(taken);
        return newest;
    }

    /// <summary>The oldest that are listed and come after an id.</summary>
    public IReadOnlyList<ListedExecution> ListedAfter(uint id, int limit) =>
        connection.Rows($"{ListedColumns} AND id > $1 ORDER BY id LIMIT $2", ListedRow, (long)id, limit);

    /// <summary>How many are listed.</summary>
    public long ListedCount(SetGlobs reach) => reach.IsAll
        ? connection.Number("SELECT count(*) FROM executions INDEXED BY executions_listed WHERE listed = 1") ?? 0
        : connection.Number(
            $"SELECT count(*) FROM executions INDEXED BY executions_by_set WHERE {WithinSets} AND listed = 1", Sets.Parameter(reach)) ?? 0;

    /// <summary>Which logs are kept, and what became of the others.</summary>
    public KeptLogs Logs => new(connection);

    /// <summary>Who called what.</summary>
    public AuditView Audit => new(connection);

    /// <summary>What is to be told to Hermes.</summary>
    public OutboxView Outbox => new(connection);

    /// <summary>
    /// One search for each state, of those that are listed and of the others: an index then gives the newest of it without a
    /// sort, and the newest of all are among them. Unspecified: any, where no filter but the list's asks for an index.
    /// </summary>
    private static IEnumerable<(ExecutionQuery Query, State State, int Listed)> Searches(ExecutionQuery query)
    {
        if (query is { States.IsDefaultOrEmpty: true, Set: "", Plan: "" }) return [(query, State.Unspecified, query.ListedOnly ? 1 : 0)];
        var states = query.States.IsDefaultOrEmpty ? s_allStates : [.. query.States.Distinct()];
        int[] listed = query.ListedOnly ? [1] : [0, 1];
        return states.SelectMany(_ => listed, (state, each) => (query, state, each));
    }

    /// <summary>
    /// What is wanted of the newest of all sets, if that is enough: mostly a caller has enough sets to be served at once.
    /// Null: it is not.
    /// </summary>
    private List<ExecutionRow>? AmongNewest(ExecutionQuery query)
    {
        if (query is not { States.IsDefaultOrEmpty: true, Plan: "" }) return null;
        var all = query with { Limit = Math.Max(query.Limit, MostPassed) };
        var looked = Newest(all, [""]);
        List<ExecutionRow> wanted = [.. looked.Where(row => query.Reach.Covers(row.Set)).Take(query.Limit)];
        return wanted.Count == query.Limit || looked.Count < all.Limit ? wanted : null;
    }

    /// <summary>The newest of some sets (empty: of all), each searched no further back than to what was found in others.</summary>
    private List<ExecutionRow> Newest(ExecutionQuery query, IReadOnlyList<string> sets)
    {
        var newest = new List<ExecutionRow>();
        foreach (var (each, state, listed) in sets.Select(set => query with { Set = set }).SelectMany(Searches))
        {
            var found = PageOf(each, state, listed, newest.Count < query.Limit ? 0 : newest[^1].Id);
            if (found.Count > 0) newest = [.. newest.Concat(found).OrderByDescending(row => row.Id).Take(query.Limit)];
        }

        return newest;
    }

    /// <param name="after">Only ids above this one.</param>
    private List<ExecutionRow> PageOf(ExecutionQuery query, State state, int listed, uint after)
    {
        var sql = new StringBuilder(Columns).Append(Index(query, state)).Append(" WHERE id < $1 AND id > $7");
        if (query.Set.Length > 0) sql.Append(" AND set_name = $3");
        if (query.Plan.Length > 0) sql.Append(" AND plan = $4");
        if (state != State.Unspecified) sql.Append(" AND state = $5 AND listed = $6");
        else if (query.ListedOnly) sql.Append(" AND listed = 1");
        sql.Append(" ORDER BY id DESC LIMIT $2");
        var before = query.Before ?? (1L << 32);
        return connection.Rows(sql.ToString(), Row, before, query.Limit, query.Set, query.Plan, (long)state, listed, (long)after);
    }

    private static string Index(ExecutionQuery query, State state) => query switch
    {
        { Plan.Length: > 0, Set.Length: > 0 } => " INDEXED BY executions_by_set_plan",
        { Plan.Length: > 0 } => " INDEXED BY executions_by_plan",
        { Set.Length: > 0 } => " INDEXED BY executions_by_set",
        _ when state != State.Unspecified => " INDEXED BY executions_by_state",
        { ListedOnly: true } => " INDEXED BY executions_listed",
        _ => "",
    };

    private List<ExecutionEvent> EventsOf(uint execution, long after) => connection.Rows(
        "SELECT payload FROM events WHERE execution = $1 AND sequence > $2 ORDER BY sequence",
        row => Decode(row.GetFieldValue<byte[]>(0)),
        (long)execution, after);

    /// <summary>The newest event that retention took of those that pass a filter; 0: none. What it cannot tell it takes for one.</summary>
    private long PrunedOf(EventFilter? filter) => filter is { Execution: > 0 and var id } ? Logs.PrunedOf(id) : Pruned;

    private SqliteDataReader QueryAfter(long sequence, int limit, uint execution) => execution == 0
        ? connection.Query(
            "SELECT sequence, payload FROM events WHERE sequence > $1 ORDER BY sequence LIMIT $2", sequence, limit)
        : connection.Query(
            "SELECT sequence, payload FROM events WHERE execution = $3 AND sequence > $1 ORDER BY sequence LIMIT $2",
            sequence, limit, (long)execution);

    private static ExecutionEvent Decode(byte[] payload)
    {
        try
        {
            return EventCodec.FromMessage(Wire.ExecutionEvent.Parser.ParseFrom(payload));
        }
        catch (Exception error) when (error is not JournalException)
        {
            // A damaged one may be no message, or one that lacks what every event has.
            throw new JournalException("the journal holds an event that is damaged; restore it from a backup", error);
        }
    }

    private static ExecutionRow Row(SqliteDataReader row) => new(
        Id(row), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5), row.GetString(6),
        Micros.FromEpoch(row.GetInt64(7)),
        (State)row.GetInt64(8),
        row.IsDBNull(9) ? null : Micros.FromEpoch(row.GetInt64(9)),
        row.GetInt64(10) != 0,
        row.GetInt64(11) != 0);

    private static ListedExecution ListedRow(SqliteDataReader row) => new(Id(row), row.GetString(1), row.GetString(2));

    private static uint Id(SqliteDataReader row) => checked((uint)row.GetInt64(0));
}
