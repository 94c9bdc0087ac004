using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Journal;

namespace Hephaestus.Tests.Journal;

public sealed class CommitTests
{
    [Fact]
    public async Task An_accepted_execution_has_an_id_and_its_first_events()
    {
        using var directory = new JournalDirectory();
        await using var journal = directory.Open();
        var execution = JournalDirectory.Execution() with { Following = [new ExecutionFact.Started()] };

        var events = await journal.AcceptAsync(execution).WaitAsync(JournalDirectory.Limit);

        Assert.Equal([(1u, 1L), (1u, 2L)], events.Select(e => (e.Execution, e.Sequence)));
        Assert.True(EventValues.Same(events, journal.EventsOf(1)));
        Assert.Equal(execution.PlanText.ToArray(), journal.PlanText(1)!.Value.ToArray());
        Assert.Equal(State.Running, journal.Find(1)!.State);
        Assert.Equal(2, journal.Head.Value);
    }

    [Fact]
    public async Task What_is_given_back_is_what_is_read_back()
    {
        using var directory = new JournalDirectory();
        await using var journal = directory.Open();
        await journal.AcceptAsync(JournalDirectory.Execution("s#1", "p.q")).WaitAsync(JournalDirectory.Limit);

        Prop.ForAll(EventValues.Fact.ListOf().ToArbitrary(), EventValues.Time.ToArbitrary(), (facts, time) =>
        {
            var position = journal.Head.Value;
            var told = journal.AppendAsync(1, [.. facts], time).WaitAsync(JournalDirectory.Limit).GetAwaiter().GetResult();
            return EventValues.Same(told, journal.EventsAfter(position, 1000, EventFilter.All).Events)
                && told.All(e => e.Time == time);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Concurrent_appends_stay_whole_and_in_order_and_the_head_never_runs_ahead() =>
        Prop.ForAll(Gen.Choose(1, 4).ListOf().ListOf().Select(l => l.Take(8).ToArray()).ToArbitrary(), plan =>
            CheckAsync(plan).WaitAsync(JournalDirectory.Limit).GetAwaiter().GetResult()).QuickCheckThrowOnFailure();

    [Fact]
    public async Task Facts_of_an_unknown_execution_are_refused_and_harm_no_others()
    {
        using var directory = new JournalDirectory();
        await using var journal = directory.Open();
        await journal.AcceptAsync(JournalDirectory.Execution()).WaitAsync(JournalDirectory.Limit);

        var unknown = journal.AppendAsync(7, JournalDirectory.Remarks("lost"));
        var known = journal.AppendAsync(1, JournalDirectory.Remarks("kept"));

        var error = await Assert.ThrowsAsync<JournalException>(() => unknown.WaitAsync(JournalDirectory.Limit));
        Assert.Contains("no execution 7", error.Message, StringComparison.Ordinal);
        Assert.Single(await known.WaitAsync(JournalDirectory.Limit));
        Assert.Equal(2, journal.EventsAfter(0, 10, EventFilter.All).Events.Count);
    }

    [Fact]
    public async Task A_text_that_many_executions_share_is_kept_once()
    {
        using var directory = new JournalDirectory();
        await using var journal = directory.Open();
        foreach (var text in (string[])["a", "b", "a"])
        {
            await journal.AcceptAsync(JournalDirectory.Execution(text: text)).WaitAsync(JournalDirectory.Limit);
        }

        Assert.Equal("aba"u8.ToArray(), Enumerable.Range(1, 3).Select(id => journal.PlanText((uint)id)!.Value.Span[0]));
        Assert.Equal(2, directory.Ask("SELECT count(*) FROM plan_texts"));
        Assert.Null(journal.PlanText(4));
    }

    [Fact]
    public async Task What_waits_is_written_before_the_journal_is_closed()
    {
        using var directory = new JournalDirectory();
        var journal = directory.Open();
        await journal.AcceptAsync(JournalDirectory.Execution()).WaitAsync(JournalDirectory.Limit);
        var appends = Enumerable.Range(0, 3000).Select(n => journal.AppendAsync(1, JournalDirectory.Remarks($"{n}"))).ToList();

        await appends[^1].WaitAsync(JournalDirectory.Limit);
        await journal.DisposeAsync().AsTask().WaitAsync(JournalDirectory.Limit);

        Assert.All(appends, append => Assert.True(append.IsCompletedSuccessfully));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => journal.AppendAsync(1, JournalDirectory.Remarks("late")));
        Assert.Throws<ObjectDisposedException>(() => journal.Unfinished());
        Assert.Equal(3001, directory.Ask("SELECT count(*) FROM events"));
    }

    /// <summary>Each execution gets its batches one after another, all executions at once, while somebody reads.</summary>
    private static async Task<bool> CheckAsync(IReadOnlyList<IReadOnlyList<int>> plan)
    {
        using var directory = new JournalDirectory();
        await using var journal = directory.Open();
        using var finished = new CancellationTokenSource();
        var reader = Task.Run(() => Watch(journal, finished.Token));
        await Task.WhenAll(plan.Select(batches => AppendAllAsync(journal, batches)));
        await finished.CancelAsync();
        var (inTime, seen) = await reader;

        var all = journal.EventsAfter(0, 100_000, EventFilter.All).Events;
        return inTime
            && EventValues.Same(seen, all.Take(seen.Count))
            && all.Zip(all.Skip(1)).All(pair => pair.First.Sequence < pair.Second.Sequence)
            && all.GroupBy(e => e.Execution).All(InOrder)
            && all.Count == plan.Sum(batches => 1 + batches.Sum());
    }

    private static async Task AppendAllAsync(ExecutionJournal journal, IReadOnlyList<int> batches)
    {
        var id = (await journal.AcceptAsync(JournalDirectory.Execution()))[0].Execution;
        var appends = batches.Select((size, batch) => journal.AppendAsync(
            id, [.. Enumerable.Range(0, size).Select(n => new ExecutionFact.StepStarting(batch, n))])).ToList();
        foreach (var events in await Task.WhenAll(appends))
        {
            Assert.Equal(events[0].Sequence + events.Length - 1, events[^1].Sequence);
            Assert.True(journal.Head.Value >= events[^1].Sequence);
        }
    }

    /// <summary>Reads on until told to end; false: a head was told that a read did not see, or half of a batch was seen.</summary>
    private static (bool InTime, List<ExecutionEvent> Seen) Watch(ExecutionJournal journal, CancellationToken end)
    {
        var seen = new List<ExecutionEvent>();
        var inTime = true;
        while (!end.IsCancellationRequested)
        {
            var head = journal.Head.Value;
            var page = journal.EventsAfter(seen.Count == 0 ? 0 : seen[^1].Sequence, 100_000, EventFilter.All);
            seen.AddRange(page.Events);
            inTime &= page.Complete && page.Through >= head && (seen.Count == 0 ? 0 : seen[^1].Sequence) == page.Through;
        }

        return (inTime, seen);
    }

    private static bool InOrder(IEnumerable<ExecutionEvent> events)
    {
        var steps = events.Select(e => e.Fact).OfType<ExecutionFact.StepStarting>().Select(f => (f.Step, f.Attempt)).ToList();
        return events.First().Fact is ExecutionFact.Accepted && steps.SequenceEqual(steps.Order());
    }
}
