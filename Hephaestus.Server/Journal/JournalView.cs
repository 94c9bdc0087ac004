using System.Collections.Immutable;
using System.Text;
using Google.Protobuf;
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
        "SELECT id, set_name, plan, tag_id, file, instance, boot_id, accepted, state, ended, dumped FROM executions";

    private static readonly ImmutableArray<State> s_allStates =
        [State.Queued, State.Running, State.Ok, State.Nok, State.Failed, State.Cancelled, State.Lost];

    /// <summary>The newest sequence number; 0: no event yet.</summary>
    public long Head => connection.Number("SELECT max(sequence) FROM events") ?? 0;

    /// <summary>The oldest sequence number kept; 0: no event yet.</summary>
    public long OldestSequence => connection.Number("SELECT min(sequence) FROM events") ?? 0;

    /// <summary>
    /// Whether events can be read on from this position without a gap: it is 0, or the number of an event that is here.
    /// One that a power loss took, or that was never given out, is not known: what came instead bears other numbers.
    /// </summary>
    public bool IsKnown(long sequence) =>
        sequence == 0 || connection.Number("SELECT 1 FROM events WHERE sequence = $1", sequence) is not null;

    /// <summary>
    /// The events after a position: at most <paramref name="limit"/> are looked at, about 1 MiB of them, so that a filter
    /// that nothing passes costs no more than one that everything does.
    /// </summary>
    public EventPage EventsAfter(long sequence, int limit, EventFilter filter)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
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

    /// <summary>All events of an execution, ascending; none: it is not known.</summary>
    public IReadOnlyList<ExecutionEvent> EventsOf(uint execution) => connection.Rows(
        "SELECT payload FROM events WHERE execution = $1 ORDER BY sequence",
        row => Decode(row.GetFieldValue<byte[]>(0)),
        (long)execution);

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
        connection.Rows($"{Columns} WHERE state IN ($1, $2) ORDER BY id", Row, (long)State.Queued, (long)State.Running);

    /// <summary>A page of executions, newest first.</summary>
    public IReadOnlyList<ExecutionRow> Page(ExecutionQuery query)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        return States(query)
            .SelectMany(state => PageOf(query, state))
            .OrderByDescending(row => row.Id)
            .Take(query.Limit)
            .ToList();
    }

    /// <summary>The newest that were not dumped, in the order of their ids.</summary>
    public IReadOnlyList<ListedExecution> Listed(int limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        var newest = connection.Rows(
            "SELECT id, set_name, plan FROM executions INDEXED BY executions_listed WHERE dumped = 0 ORDER BY id DESC LIMIT $1",
            row => new ListedExecution(Id(row), row.GetString(1), row.GetString(2)),
            limit);
        newest.Reverse();
        return newest;
    }

    /// <summary>The oldest that wait in the outbox after a position, in the order of their events.</summary>
    public IReadOnlyList<OutboxEntry> Waiting(long after, int limit) => connection.Rows(
        """
        SELECT sequence, id, set_name, tag_id, state FROM outbox JOIN executions ON id = execution
        WHERE refused IS NULL AND sequence > $1 ORDER BY sequence LIMIT $2
        """,
        row => new OutboxEntry(row.GetInt64(0), checked((uint)row.GetInt64(1)), row.GetString(2), row.GetString(3), (State)row.GetInt64(4)),
        after, limit);

    /// <summary>How many wait in the outbox, and how many were refused and set aside.</summary>
    public (long Waiting, long Refused) OutboxSize => (
        connection.Number("SELECT count(*) FROM outbox WHERE refused IS NULL") ?? 0,
        connection.Number("SELECT count(*) FROM outbox WHERE refused IS NOT NULL") ?? 0);

    /// <summary>
    /// One search for each state: an index then gives the newest of it without a sort, and the newest of all are among
    /// them. Unspecified: any state, where no filter but the list's asks for an index.
    /// </summary>
    private static ImmutableArray<State> States(ExecutionQuery query) => query switch
    {
        { States.IsDefaultOrEmpty: false } => [.. query.States.Distinct()],
        { Set: "", Plan: "" } => [State.Unspecified],
        _ => s_allStates,
    };

    private List<ExecutionRow> PageOf(ExecutionQuery query, State state)
    {
        var sql = new StringBuilder(Columns).Append(Index(query, state)).Append(" WHERE id < $1");
        if (query.Set.Length > 0) sql.Append(" AND set_name = $3");
        if (query.Plan.Length > 0) sql.Append(" AND plan = $4");
        if (state != State.Unspecified) sql.Append(" AND state = $5");
        if (query.ListedOnly) sql.Append(" AND dumped = 0");
        sql.Append(" ORDER BY id DESC LIMIT $2");
        var before = query.Before ?? (1L << 32);
        return connection.Rows(sql.ToString(), Row, before, query.Limit, query.Set, query.Plan, (long)state);
    }

    private static string Index(ExecutionQuery query, State state) => query switch
    {
        { Plan.Length: > 0 } => " INDEXED BY executions_by_plan",
        { Set.Length: > 0 } => " INDEXED BY executions_by_set",
        _ when state != State.Unspecified => " INDEXED BY executions_by_state",
        { ListedOnly: true } => " INDEXED BY executions_listed",
        _ => "",
    };

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
        row.GetInt64(10) != 0);

    private static uint Id(SqliteDataReader row) => checked((uint)row.GetInt64(0));
}
