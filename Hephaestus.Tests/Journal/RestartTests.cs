using FsCheck;
using FsCheck.Fluent;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Journal;

namespace Hephaestus.Tests.Journal;

public sealed class RestartTests
{
    [Fact]
    public async Task After_an_orderly_end_numbers_go_on_without_a_gap()
    {
        using var directory = new JournalDirectory();
        await using (var first = directory.Open()) await AcceptAsync(first);

        await using var second = directory.Open();

        Assert.False(second.Created);
        Assert.Equal(1, second.Head.Value);
        var accepted = await AcceptAsync(second);
        Assert.Equal((2u, 2L), (accepted.Execution, accepted.Sequence));
    }

    [Fact]
    public async Task An_id_is_not_given_out_again_after_the_newest_execution_was_deleted()
    {
        using var directory = new JournalDirectory();
        await using (var first = directory.Open())
        {
            await AcceptAsync(first);
            await AcceptAsync(first);
        }

        directory.Ask("DELETE FROM executions WHERE id = 2");

        await using var second = directory.Open();
        Assert.Equal(3u, (await AcceptAsync(second)).Execution);
    }

    [Fact]
    public async Task After_a_kill_everything_told_is_there_and_no_number_comes_twice()
    {
        using var directory = new JournalDirectory();
        await using var killed = directory.Open();
        await AcceptAsync(killed);
        await killed.AppendAsync(1, JournalDirectory.Remarks("a", "b")).WaitAsync(JournalDirectory.Limit);
        using var copy = await directory.CopyAsync();
        var later = await killed.AppendAsync(1, JournalDirectory.Remarks("never seen by the copy")).WaitAsync(JournalDirectory.Limit);

        await using var restarted = copy.Open();

        Assert.True(EventValues.Same(killed.EventsOf(1).Take(3), restarted.EventsOf(1)));
        var accepted = await AcceptAsync(restarted);
        Assert.Equal(2u, accepted.Execution);
        Assert.True(accepted.Sequence > later[0].Sequence);
        Assert.Equal([true, true, false, true], new[] { 0, 3, later[0].Sequence, accepted.Sequence }.Select(sequence => restarted.IsKnown(sequence)));
    }

    [Fact]
    public async Task More_numbers_than_one_reservation_holds_are_given_out_without_a_gap()
    {
        using var directory = new JournalDirectory();
        await using var journal = directory.Open();
        await AcceptAsync(journal);
        var many = JournalDirectory.Remarks([.. Enumerable.Repeat("", GroupCommit.Block + 10)]);

        var events = await journal.AppendAsync(1, many).WaitAsync(JournalDirectory.Limit);
        using var copy = await directory.CopyAsync();
        await using var restarted = copy.Open();

        Assert.Equal(GroupCommit.Block + 11, events[^1].Sequence);
        Assert.True((await AcceptAsync(restarted)).Sequence > events[^1].Sequence);
    }

    /// <summary>What was synced is there; behind it the WAL may end anywhere.</summary>
    [Fact]
    public async Task After_a_power_loss_a_piece_at_the_end_is_missing_and_no_number_comes_twice()
    {
        using var directory = new JournalDirectory();
        await using var journal = directory.Open();
        await AcceptAsync(journal);
        await journal.AppendAsync(1, JournalDirectory.Remarks("synced with the next")).WaitAsync(JournalDirectory.Limit);
        await AcceptAsync(journal);
        var synced = new FileInfo(directory.File + "-wal").Length;
        for (var n = 0; n < 30; n++)
        {
            await journal.AppendAsync(2, JournalDirectory.Remarks($"{n}", "its pair")).WaitAsync(JournalDirectory.Limit);
        }

        using var whole = await directory.CopyAsync();
        var end = new FileInfo(whole.File + "-wal").Length;
        var told = journal.EventsAfter(0, 1000, EventFilter.All).Events;

        Prop.ForAll(Gen.Choose((int)synced, (int)end).ToArbitrary(), cut =>
            CheckCutAsync(whole, cut, told).WaitAsync(JournalDirectory.Limit).GetAwaiter().GetResult()).QuickCheckThrowOnFailure();
    }

    [Fact]
    public async Task Unfinished_executions_are_found_again()
    {
        using var directory = new JournalDirectory();
        await using (var first = directory.Open())
        {
            for (var n = 0; n < 4; n++) await AcceptAsync(first);
            await first.AppendAsync(2, [new ExecutionFact.Started()]).WaitAsync(JournalDirectory.Limit);
            await first.AppendAsync(3, [new ExecutionFact.Ended(State.Cancelled)]).WaitAsync(JournalDirectory.Limit);
        }

        await using var second = directory.Open();

        Assert.Equal([(1u, State.Queued), (2u, State.Running), (4u, State.Queued)], second.Unfinished().Select(r => (r.Id, r.State)));
        Assert.True(second.Find(3)!.Ended);
    }

    private static async Task<bool> CheckCutAsync(JournalDirectory whole, int cut, IReadOnlyList<ExecutionEvent> told)
    {
        using var lost = await whole.CopyAsync();
        using (var wal = File.OpenWrite(lost.File + "-wal")) wal.SetLength(cut);
        await using var journal = lost.Open();
        var kept = journal.EventsAfter(0, 1000, EventFilter.All).Events;
        var next = await AcceptAsync(journal);
        return kept.Count >= 3 && kept.Count % 2 == 1
            && EventValues.Same(kept, told.Take(kept.Count))
            && told.Skip(kept.Count).All(e => !journal.IsKnown(e.Sequence))
            && next.Sequence > told[^1].Sequence
            && next.Execution == 3;
    }

    private static async Task<ExecutionEvent> AcceptAsync(ExecutionJournal journal) =>
        (await journal.AcceptAsync(JournalDirectory.Execution()).WaitAsync(JournalDirectory.Limit))[0];
}
