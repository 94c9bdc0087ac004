using Hephaestus.Server.Executions;
using Hephaestus.Server.Journal;

namespace Hephaestus.Tests.Journal;

/// <summary>Logs that go: what stays of their executions, and what followers of events are told.</summary>
public sealed class LogLedgerTests : IAsyncLifetime, IDisposable
{
    private static readonly DateTimeOffset s_now = DateTimeOffset.UnixEpoch.AddYears(56);

    private readonly JournalDirectory _directory = new();
    private ExecutionJournal _journal = null!;

    public Task InitializeAsync()
    {
        _journal = _directory.Open();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _journal.DisposeAsync();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task What_is_told_of_an_execution_stays_when_its_events_go()
    {
        await EndAsync(3);
        var before = _journal.StateOf(2)!;

        await RemoveAsync(2);

        var after = _journal.StateOf(2)!;
        Assert.Equal(new LogRemoval(s_now, "history.keep_count = 2"), after.LogRemoved);
        Assert.Equal(Summary.Of(before), Summary.Of(after with { LogRemoved = null }));
        Assert.Empty(_journal.EventsOf(2));
        Assert.False(_journal.Find(2)!.LogKept);
        Assert.Equal([1u, 3u], _journal.ListedAfter(0, 10).Select(row => row.Id));
        Assert.Equal([3u, 2u, 1u], _journal.Page(new ExecutionQuery(10, Set: "set", States: [State.Ok])).Select(row => row.Id));
        Assert.Equal([3u, 1u], _journal.Page(new ExecutionQuery(10, Set: "set", ListedOnly: true)).Select(row => row.Id));
        Assert.NotNull(_journal.PlanText(2));
    }

    [Fact]
    public async Task Totals_count_what_is_kept()
    {
        await EndAsync(3);
        await _journal.AcceptAsync(JournalDirectory.Execution()).WaitAsync(JournalDirectory.Limit);
        Assert.Equal((3, 0), Total);
        Assert.Equal([1u, 2u, 3u], _journal.Logs.Read(logs => logs.Unmeasured(0, 10)));

        await MeasuredAsync((1, 100), (2, 20), (3, 3));
        await MeasuredAsync((1, 1_000_000));
        Assert.Equal((3, 123), Total);
        Assert.Empty(_journal.Logs.Read(logs => logs.Unmeasured(0, 10)));

        await RemoveAsync(2);
        await MeasuredAsync((2, 1_000_000));
        Assert.Equal((2, 103), Total);
    }

    [Fact]
    public async Task The_oldest_are_those_that_ended_first_and_then_those_with_the_lower_ids()
    {
        await EndAsync(1, s_now.AddSeconds(5));
        await EndAsync(2, s_now.AddSeconds(1));
        await EndAsync(1, s_now);

        var all = _journal.Logs.Read(logs => logs.Oldest(null, 10));

        Assert.Equal([4u, 2u, 3u, 1u], all.Select(log => log.Execution));
        Assert.Equal([3u, 1u], _journal.Logs.Read(logs => logs.Oldest(all[1], 10)).Select(log => log.Execution));
        Assert.Equal([4u], _journal.Logs.Read(logs => logs.Oldest(null, 1)).Select(log => log.Execution));
    }

    [Fact]
    public async Task Events_cannot_be_followed_on_from_before_those_that_went()
    {
        await EndAsync(4);
        var ends = Enumerable.Range(1, 4).Select(id => _journal.EventsOf((uint)id)[^1].Sequence).ToArray();

        await RemoveAsync(2);

        Assert.Equal([false, false, false, true, true, true], new[] { 0, 1, ends[0], ends[1], ends[1] + 1, ends[3] }.Select(at => _journal.IsKnown(at)));
        Assert.Equal(ends[1] + 1, _journal.OldestSequence);
        Assert.True(_journal.EventsAfter(ends[0], 10, EventFilter.All).Pruned);
        var rest = _journal.EventsAfter(ends[1], 100, EventFilter.All);
        Assert.Equal((false, true), (rest.Pruned, rest.Complete));
        Assert.Equal([3u, 4u], rest.Events.Select(happened => happened.Execution).Distinct());
    }

    [Fact]
    public async Task The_last_events_are_found_whichever_went()
    {
        await EndAsync(4);
        await RemoveAsync(3);

        Assert.Equal([2u, 4u], _journal.Snapshot(view => view.Latest(4)).Order());
    }

    [Fact]
    public async Task Events_of_one_execution_can_be_followed_while_they_are_there()
    {
        await EndAsync(4);
        await RemoveAsync(3);
        var (one, three) = (new EventFilter(Execution: 1), new EventFilter(Execution: 3));

        Assert.True(_journal.IsKnown(0, one));
        Assert.True(_journal.IsKnown(1, one));
        Assert.Equal(_journal.EventsOf(1).Count, _journal.EventsAfter(0, 100, one).Events.Count);
        Assert.False(_journal.IsKnown(0, three));
        Assert.True(_journal.EventsAfter(0, 100, three).Pruned);
    }

    [Fact]
    public async Task Numbers_go_on_when_no_event_is_left()
    {
        await EndAsync(2);
        var head = _journal.Head.Value;
        await RemoveAsync(1, 2);
        Assert.Equal(0, _directory.Ask("SELECT count(*) FROM events"));
        Assert.Equal(head, _journal.Snapshot(view => view.Head));

        await _journal.DisposeAsync();
        _journal = _directory.Open();

        Assert.Equal(head, _journal.Head.Value);
        Assert.True(_journal.IsKnown(head));
        await EndAsync(1);
        Assert.Equal(head + 1, _journal.EventsOf(3)[0].Sequence);
    }

    [Fact]
    public async Task What_was_decided_and_not_done_is_found_after_a_kill()
    {
        await EndAsync(2);
        Assert.Equal([1u], await DecideAsync(1));
        using var copy = await _directory.CopyAsync();

        await using var restarted = copy.Open();

        Assert.Equal([1u], restarted.Logs.Read(logs => logs.Unfinished(0, 10)));
        Assert.NotNull(restarted.StateOf(1)!.LogRemoved);
        await restarted.Logs.FinishAsync([1], CancellationToken.None).WaitAsync(JournalDirectory.Limit);
        Assert.Empty(restarted.Logs.Read(logs => logs.Unfinished(0, 10)));
        Assert.Empty(restarted.EventsOf(1));
    }

    [Fact]
    public async Task A_log_goes_once_and_only_when_its_execution_has_ended()
    {
        await EndAsync(1);
        await _journal.AcceptAsync(JournalDirectory.Execution()).WaitAsync(JournalDirectory.Limit);

        Assert.Equal([1u], await DecideAsync(1, 2, 99));
        Assert.Empty(await DecideAsync(1));
        Assert.Equal((0, 0), Total);
    }

    [Fact]
    public async Task Very_many_events_go_in_several_commits()
    {
        await EndAsync(1, more: 2500);
        await RemoveAsync(1);

        Assert.Empty(_journal.EventsOf(1));
        Assert.Empty(_journal.Logs.Read(logs => logs.Unfinished(0, 10)));
        Assert.True(_journal.StateOf(1)!.HasEnded);
    }

    private (long, long) Total => _journal.Logs.Read(logs => logs.Total);

    private async Task EndAsync(int count, DateTimeOffset? at = null, int more = 0)
    {
        for (var n = 0; n < count; n++)
        {
            var id = (await _journal.AcceptAsync(JournalDirectory.Execution()).WaitAsync(JournalDirectory.Limit))[0].Execution;
            await _journal.AppendAsync(id, JournalDirectory.Remarks([.. Enumerable.Repeat("remark", more)])).WaitAsync(JournalDirectory.Limit);
            await _journal.AppendAsync(id, [new ExecutionFact.Started(), new ExecutionFact.Ended(State.Ok)], at).WaitAsync(JournalDirectory.Limit);
        }
    }

    private async Task<IEnumerable<uint>> DecideAsync(params uint[] ids) => await _journal.Logs
        .RemoveAsync([.. ids.Select(id => (id, "history.keep_count = 2"))], s_now, CancellationToken.None).WaitAsync(JournalDirectory.Limit);

    private async Task RemoveAsync(params uint[] ids)
    {
        Assert.Equal(ids, await DecideAsync(ids));
        await _journal.Logs.FinishAsync(ids, CancellationToken.None).WaitAsync(JournalDirectory.Limit);
    }

    private Task MeasuredAsync(params (uint, long)[] sizes) =>
        _journal.Logs.MeasuredAsync(sizes, CancellationToken.None).WaitAsync(JournalDirectory.Limit);
}
