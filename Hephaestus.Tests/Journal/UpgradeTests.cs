using Hephaestus.Server.Executions;
using Hephaestus.Server.Journal;
using Hephaestus.Tests.History;

namespace Hephaestus.Tests.Journal;

/// <summary>Journals of older programs.</summary>
public sealed class UpgradeTests
{
    [Fact]
    public async Task A_journal_without_retention_is_brought_up_to_date_with_all_that_it_holds()
    {
        using var directory = new JournalDirectory();
        GeneratedHistory.Write(directory.File, 40);
        directory.Ask("UPDATE executions SET dumped = 1 WHERE id IN (5, 6)");

        await using var journal = directory.Open();

        Assert.False(journal.Created);
        Assert.Equal(Schema.Version, directory.Ask("PRAGMA user_version"));
        Assert.Equal((40, 0), journal.Logs.Read(logs => logs.Total));
        Assert.Equal(40, journal.Logs.Read(logs => logs.Unmeasured(0, 100)).Count);
        Assert.Equal(Enumerable.Range(1, 40).Select(id => (uint)id).Except([5u, 6u]), journal.ListedAfter(0, 100).Select(row => row.Id));
        Assert.Equal(Enumerable.Range(1, 40).Select(id => GeneratedHistory.Of(id).State), Enumerable.Range(1, 40).Select(id => journal.StateOf((uint)id)!.State));
        Assert.Equal((true, 240), (journal.IsKnown(0), journal.Head.Value));
        var next = await journal.AcceptAsync(JournalDirectory.Execution()).WaitAsync(JournalDirectory.Limit);
        Assert.Equal((41u, 241), (next[0].Execution, next[0].Sequence));
    }

    [Fact]
    public async Task What_an_older_server_set_aside_is_still_set_aside()
    {
        using var directory = new JournalDirectory();
        GeneratedHistory.Write(directory.File, 3);
        directory.Ask("INSERT INTO outbox VALUES (6, 1, 'PermissionDenied: no'), (12, 2, NULL), (18, 3, NULL)");

        await using var journal = directory.Open();

        Assert.Equal((2, 1), journal.Snapshot(view => view.Outbox.Size));
        Assert.Equal(
            new OutboxEntry(6, 1, GeneratedHistory.RareSet, GeneratedHistory.RarePlan, "p", State.Lost, journal.Find(1)!.EndedAt!.Value, new OutboxRefusal("PermissionDenied: no", null)),
            Assert.Single(journal.Snapshot(view => view.Outbox.SetAside(0, 10))));
        Assert.Equal([2u, 3u], journal.Outbox.Waiting(0, 10).Select(entry => entry.Execution));
    }
}
