using Hephaestus.Server.Executions;
using Hephaestus.Server.Journal;

namespace Hephaestus.Tests.Journal;

/// <summary>What Hermes is to be told, in its order.</summary>
public sealed class OutboxTests
{
    private static readonly DateTimeOffset s_now = DateTimeOffset.UnixEpoch.AddYears(56);

    [Fact]
    public async Task What_was_set_aside_is_kept_over_a_restart_and_takes_its_old_place_when_it_is_sent_again()
    {
        using var directory = new JournalDirectory();
        await using (var first = Open(directory))
        {
            for (var n = 0; n < 3; n++) await EndAsync(first, State.Ok);
            await first.Outbox.RefusedAsync(first.Outbox.Waiting(0, 1)[0], "InvalidArgument: no", s_now).WaitAsync(JournalDirectory.Limit);
        }

        await using var journal = Open(directory);
        Assert.Equal([2u, 3u], Waiting(journal));
        Assert.Equal(new OutboxRefusal("InvalidArgument: no", s_now), journal.Snapshot(view => view.Outbox.Find(1))!.Refusal);
        Assert.Equal([1u, 2u, 3u], journal.Snapshot(view => view.Outbox.All(0, 10)).Select(entry => entry.Execution));

        Assert.Equal(1, await journal.Outbox.AgainAsync([1, 2]).WaitAsync(JournalDirectory.Limit));
        Assert.Equal([1u, 2u, 3u], Waiting(journal));
        Assert.Equal(0, await journal.Outbox.AgainAsync(null).WaitAsync(JournalDirectory.Limit));
    }

    [Fact]
    public async Task However_many_were_set_aside_all_are_sent_again()
    {
        using var directory = new JournalDirectory();
        await using var journal = Open(directory);
        await Task.WhenAll(Enumerable.Range(0, 2100).Select(_ => EndAsync(journal, State.Ok)));
        await Task.WhenAll(journal.Outbox.Waiting(0, 3000).Select(entry => journal.Outbox.RefusedAsync(entry, "no", s_now))).WaitAsync(JournalDirectory.Limit);
        Assert.Equal((0, 2100), journal.Snapshot(view => view.Outbox.Size));

        Assert.Equal(2100, await journal.Outbox.AgainAsync(null).WaitAsync(JournalDirectory.Limit));

        Assert.Equal((2100, 0), journal.Snapshot(view => view.Outbox.Size));
    }

    [Fact]
    public async Task A_newer_value_of_a_key_takes_the_place_of_one_that_was_set_aside()
    {
        using var directory = new JournalDirectory();
        await using var journal = Open(directory);
        await EndAsync(journal, State.Nok);
        var old = journal.Outbox.Waiting(0, 1)[0];
        await journal.Outbox.RefusedAsync(old, "no", s_now).WaitAsync(JournalDirectory.Limit);

        await journal.AppendAsync(1, [new ExecutionFact.Ended(State.Ok)]).WaitAsync(JournalDirectory.Limit);

        Assert.Equal(0, await journal.Outbox.AgainAsync(null).WaitAsync(JournalDirectory.Limit));
        Assert.Equal(State.Ok, Assert.Single(journal.Outbox.Waiting(0, 10)).State);
        await journal.Outbox.ToldAsync(old).WaitAsync(JournalDirectory.Limit);
        Assert.Single(journal.Outbox.Waiting(0, 10));
    }

    [Fact]
    public async Task What_waits_is_told_whatever_became_of_the_log()
    {
        using var directory = new JournalDirectory();
        await using var journal = Open(directory);
        await EndAsync(journal, State.Failed);
        var before = journal.Outbox.Waiting(0, 10);

        await journal.Logs.RemoveAsync([(1, "history.keep_days = 1")], s_now, CancellationToken.None).WaitAsync(JournalDirectory.Limit);
        await journal.Logs.FinishAsync([1], CancellationToken.None).WaitAsync(JournalDirectory.Limit);

        Assert.Empty(journal.EventsOf(1));
        Assert.Equal(before, journal.Outbox.Waiting(0, 10));
    }

    private static ExecutionJournal Open(JournalDirectory directory) => ExecutionJournal.Open(directory.File, TimeProvider.System, outbox: true);

    private static IEnumerable<uint> Waiting(ExecutionJournal journal) => journal.Outbox.Waiting(0, 10).Select(entry => entry.Execution);

    private static async Task EndAsync(ExecutionJournal journal, State state)
    {
        var accepted = await journal.AcceptAsync(JournalDirectory.Execution()).WaitAsync(JournalDirectory.Limit);
        await journal.AppendAsync(accepted[0].Execution, [new ExecutionFact.Ended(state)]).WaitAsync(JournalDirectory.Limit);
    }
}
