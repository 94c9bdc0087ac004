using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Journal;

namespace Hephaestus.Tests.Journal;

/// <summary>Reads, against a list in memory that knows no index.</summary>
public sealed class ViewTests : IAsyncLifetime, IDisposable
{
    private static readonly State[] s_states =
        [State.Queued, State.Running, State.Ok, State.Nok, State.Failed, State.Cancelled, State.Lost];

    private readonly JournalDirectory _directory = new();
    private readonly List<ExecutionRow> _rows = [];
    private readonly List<ExecutionEvent> _events = [];
    private ExecutionJournal _journal = null!;

    public async Task InitializeAsync()
    {
        _journal = _directory.Open();
        var random = new System.Random(12);
        for (var n = 0; n < 200; n++)
        {
            var execution = JournalDirectory.Execution($"set{random.Next(3)}", $"plan{random.Next(4)}");
            await AddAsync(execution, s_states[random.Next(s_states.Length)], dumped: random.Next(3) == 0);
        }
    }

    public async Task DisposeAsync() => await _journal.DisposeAsync();

    public void Dispose() => _directory.Dispose();

    private static readonly SetGlobs[] s_reaches =
        [SetGlobs.All, new(ImmutableArray<string>.Empty), new(["set1"]), new(["set?"]), new(["*0", "set2"]), new(["none*"])];

    [Fact]
    public void Any_page_holds_what_a_plain_search_finds() =>
        Prop.ForAll(Queries().ToArbitrary(), query =>
            _journal.Page(query).SequenceEqual(Naive(query).Take(query.Limit))).QuickCheckThrowOnFailure();

    [Fact]
    public void Pages_one_after_another_hold_everything_once() =>
        Prop.ForAll(Queries().ToArbitrary(), query =>
            Pages(query with { Before = null }).SequenceEqual(Naive(query with { Before = null }))).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_filter_passes_its_events_whatever_the_size_of_the_piece() =>
        Prop.ForAll(Filters().ToArbitrary(), Gen.Choose(1, 50).ToArbitrary(), Gen.Choose(0, _events.Count).ToArbitrary(), (filter, limit, from) =>
        {
            var start = from == 0 ? 0 : _events[from - 1].Sequence;
            return EventValues.Same(Pieces(start, limit, filter), _events.Skip(from).Where(filter.Passes));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_list_holds_the_newest_that_were_not_dumped()
    {
        var listed = _rows.Where(row => !row.Dumped).Select(row => new ListedExecution(row.Id, row.Set, row.Plan)).ToList();

        Assert.Equal(Enumerable.Reverse(listed), _journal.Snapshot(view => view.Listed(row => row, SetGlobs.All)));
        Assert.Equal(
            Enumerable.Reverse(listed.TakeLast(7)), _journal.Snapshot(view => view.Listed(row => row.Id > listed[^8].Id ? row : null, SetGlobs.All)));
        Assert.Equal(listed.Skip(20).Take(9), _journal.ListedAfter(listed[19].Id, 9));
        Assert.Equal(listed.Count, _journal.Snapshot(view => view.ListedCount(SetGlobs.All)));
    }

    [Fact]
    public void The_list_holds_of_some_sets_what_it_holds_of_all() => Assert.All(s_reaches, reach =>
    {
        var listed = _rows.Where(row => !row.Dumped && reach.Covers(row.Set)).Select(row => row.Id).Reverse().ToArray();

        Assert.Equal(listed, _journal.Snapshot(view => view.Listed(row => row, reach)).Select(row => row.Id));
        Assert.Equal(listed.Length, _journal.Snapshot(view => view.ListedCount(reach)));
    });

    [Fact]
    public void An_execution_is_found_with_its_events()
    {
        Assert.All(_rows, row => Assert.Equal(row, _journal.Find(row.Id)));
        Assert.True(EventValues.Same(_events.Where(e => e.Execution == 50), _journal.EventsOf(50)));
        Assert.Null(_journal.Find(201));
        Assert.Empty(_journal.EventsOf(201));
        Assert.Equal(1, _journal.OldestSequence);
    }

    [Fact]
    public async Task A_piece_of_big_events_is_bounded_by_their_bytes()
    {
        var text = new string('x', 300_000);
        await _journal.AppendAsync(1, JournalDirectory.Remarks(text, text, text, text, text, text)).WaitAsync(JournalDirectory.Limit);

        var page = _journal.EventsAfter(_events[^1].Sequence, 1000, EventFilter.All);

        Assert.Equal((4, false), (page.Events.Count, page.Complete));
        Assert.Equal(page.Events[^1].Sequence, page.Through);
    }

    [Fact]
    public async Task All_reads_of_a_snapshot_see_one_state_while_others_write()
    {
        var start = _journal.Head.Value;
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var written = new ManualResetEventSlim();
        var snapshot = Task.Run(() => _journal.Snapshot(view =>
        {
            var before = (view.Head, view.Find(1), view.EventsOf(1).Count);
            entered.SetResult();
            Assert.True(written.Wait(JournalDirectory.Limit));
            return before == (view.Head, view.Find(1), view.EventsOf(1).Count) ? view.Head : -1;
        }));
        await entered.Task.WaitAsync(JournalDirectory.Limit);

        await _journal.AppendAsync(1, [new ExecutionFact.Dumped("file")]).WaitAsync(JournalDirectory.Limit);
        Assert.Equal(start + 1, _journal.Snapshot(view => view.Head));
        written.Set();

        Assert.Equal(start, await snapshot.WaitAsync(JournalDirectory.Limit));
    }

    [Fact]
    public void A_read_that_throws_leaves_the_journal_readable()
    {
        Assert.Throws<InvalidOperationException>(() => _journal.Snapshot<int>(_ => throw new InvalidOperationException()));

        Assert.NotNull(_journal.Find(1));
    }

    private async Task AddAsync(NewExecution execution, State state, bool dumped)
    {
        var facts = new List<ExecutionFact>();
        if (state != State.Queued) facts.Add(new ExecutionFact.Started());
        if (state is not (State.Queued or State.Running)) facts.Add(new ExecutionFact.Ended(state));
        if (dumped) facts.Add(new ExecutionFact.Dumped("file"));
        var accepted = await _journal.AcceptAsync(execution).WaitAsync(JournalDirectory.Limit);
        var events = await _journal.AppendAsync(accepted[0].Execution, [.. facts]).WaitAsync(JournalDirectory.Limit);
        _events.AddRange([.. accepted, .. events]);
        _rows.Add(new ExecutionRow(
            accepted[0].Execution, accepted[0].Set, accepted[0].Plan, "tag", execution.File, "instance", "boot", accepted[0].Time,
            state, events.FirstOrDefault(e => e.Fact is ExecutionFact.Ended)?.Time, dumped));
    }

    private IEnumerable<ExecutionRow> Naive(ExecutionQuery query) => _rows
        .Where(row => query.Before is not { } before || row.Id < before)
        .Where(row => query.Reach.Covers(row.Set))
        .Where(row => query.Set.Length == 0 || row.Set == query.Set)
        .Where(row => query.Plan.Length == 0 || row.Plan == query.Plan)
        .Where(row => query.States.IsDefaultOrEmpty || query.States.Contains(row.State))
        .Where(row => !query.ListedOnly || !row.Dumped)
        .OrderByDescending(row => row.Id);

    private IEnumerable<ExecutionRow> Pages(ExecutionQuery query)
    {
        for (var page = _journal.Page(query); page.Count > 0; page = _journal.Page(query with { Before = page[^1].Id }))
        {
            foreach (var row in page) yield return row;
        }
    }

    private List<ExecutionEvent> Pieces(long position, int limit, EventFilter filter)
    {
        var events = new List<ExecutionEvent>();
        while (true)
        {
            var page = _journal.EventsAfter(position, limit, filter);
            events.AddRange(page.Events);
            if (page.Complete) return events;
            Assert.True(page.Through > position);
            position = page.Through;
        }
    }

    private static Gen<ExecutionQuery> Queries() =>
        from limit in Gen.Choose(1, 60)
        from before in Gen.OneOf(Gen.Constant((uint?)null), Gen.Choose(0, 210).Select(id => (uint?)id))
        from set in Gen.Elements("", "set0", "set2", "none")
        from plan in Gen.Elements("", "plan0", "plan3", "none")
        from states in Gen.OneOf(Gen.Constant(Array.Empty<State>()), Gen.Elements(s_states).ArrayOf())
        from listed in Gen.Elements(true, false)
        from reach in Gen.Elements(s_reaches)
        select new ExecutionQuery(limit, before, set, plan, [.. states], listed) { Reach = reach };

    private static Gen<EventFilter> Filters() =>
        from set in Gen.Elements("", "set0", "none")
        from plan in Gen.Elements("", "plan1", "none")
        from id in Gen.Elements(0u, 0u, 3u, 150u, 999u)
        from reach in Gen.Elements(s_reaches)
        select new EventFilter(set, plan, id) { Reach = reach };
}
