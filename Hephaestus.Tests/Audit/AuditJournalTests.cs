using Grpc.Core;
using Hephaestus.Server.Journal;
using Hephaestus.Tests.History;
using Hephaestus.Tests.Journal;

namespace Hephaestus.Tests.Audit;

/// <summary>The audit in the journal's file.</summary>
public sealed class AuditJournalTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_journal_without_audit_is_brought_up_to_date_and_knows_nobody_who_started_its_executions()
    {
        using var directory = new JournalDirectory();
        GeneratedHistory.Write(directory.File, 3);

        await using var journal = directory.Open();

        Assert.Equal(Schema.Version, directory.Ask("PRAGMA user_version"));
        Assert.Empty(Page(journal, new AuditQuery(10)).Entries);
        Assert.Equal("", journal.StateOf(1)!.StartedBy);
        await journal.Audit.AddAsync(Entry(1)).WaitAsync(JournalDirectory.Limit);
        Assert.Single(Page(journal, new AuditQuery(10)).Entries);
    }

    [Fact]
    public async Task An_execution_and_its_call_are_in_the_journal_together_or_not_at_all()
    {
        using var directory = new JournalDirectory();
        await using var journal = directory.Open();
        var call = Entry(1);
        var wish = JournalDirectory.Execution() with { Call = call, RequestId = "one" };

        var accepted = await journal.AcceptAsync(wish with { Accepted = wish.Accepted with { By = "cert:anna, 10.0.0.7" } }).WaitAsync(JournalDirectory.Limit);
        var again = await journal.AcceptAsync(wish).WaitAsync(JournalDirectory.Limit);

        Assert.Empty(again);
        var (_, record) = Assert.Single(Page(journal, new AuditQuery(10)).Entries);
        Assert.Equal(accepted[0].Execution, record.Outcome.Made);
        Assert.Equal("cert:anna, 10.0.0.7", journal.StateOf(record.Outcome.Made)!.StartedBy);
    }

    [Fact]
    public async Task A_record_is_read_back_as_it_was_written_but_for_what_was_too_long()
    {
        using var directory = new JournalDirectory();
        await using var journal = directory.Open();
        var whole = new AuditEntry(
            s_now, "cert:anna", "10.0.0.7", "Execute", new AuditSubject("s", "p", 9, "r", "why"), new AuditOutcome(StatusCode.NotFound, "no", 5, 7));
        var huge = new string('x', 5000);
        var cut = new AuditEntry(
            s_now, huge, huge, huge, new AuditSubject(huge, huge, 0, huge, "first\nsecond"), new AuditOutcome(StatusCode.Internal, huge));

        await journal.Audit.AddAsync(whole, cut).WaitAsync(JournalDirectory.Limit);

        var read = Page(journal, new AuditQuery(10)).Entries;
        Assert.Equal([cut, whole], read.Select(placed => placed.Entry));
        Assert.Equal((256, 256, 512, "first…"), (cut.Who.Length, cut.Subject.Set.Length, cut.Outcome.Detail.Length, cut.Subject.Text));
    }

    [Theory]
    [InlineData("", 4, "")]
    [InlineData("abcd", 4, "abcd")]
    [InlineData("abcde", 4, "abc…")]
    [InlineData("ab😀d", 4, "ab…")]
    [InlineData("ab\ncd", 40, "ab…")]
    [InlineData("\nab", 40, "…")]
    [InlineData("a\0b", 40, "a\uFFFDb")]
    public void Texts_are_cut_between_characters(string text, int most, string expected) => Assert.Equal(expected, BoundedText.Of(text, most));

    [Fact]
    public async Task A_call_that_names_an_execution_is_about_its_plan_whatever_it_says()
    {
        using var directory = new JournalDirectory();
        await using var journal = directory.Open();
        await journal.AcceptAsync(JournalDirectory.Execution("daily", "backup")).WaitAsync(JournalDirectory.Limit);

        await journal.Audit.AddAsync(
            Entry(1) with { Subject = new AuditSubject("other", "plan", 1) },
            Entry(2) with { Subject = new AuditSubject("other", "plan", 2) }).WaitAsync(JournalDirectory.Limit);

        var subjects = Page(journal, new AuditQuery(10)).Entries.Select(placed => (placed.Entry.Subject.Set, placed.Entry.Subject.Plan));
        Assert.Equal([("other", "plan"), ("daily", "backup")], subjects);
    }

    [Fact]
    public async Task Pages_go_on_where_the_one_before_ended_newest_first_whatever_is_asked_for()
    {
        using var directory = new JournalDirectory();
        await using var journal = directory.Open();
        AuditEntry[] all = [.. Enumerable.Range(0, 200).Select(number => new AuditEntry(
            // Many at one time.
            s_now.AddSeconds(number / 7), $"uid:{number % 3}", "here", number % 5 == 0 ? "Drain" : "Execute",
            new AuditSubject($"set{number % 4}", "", 0, $"{number}"),
            new AuditOutcome(number % 6 == 0 ? StatusCode.PermissionDenied : StatusCode.OK)))];
        foreach (var some in all.Chunk(50)) await journal.Audit.AddAsync(some).WaitAsync(JournalDirectory.Limit);
        AuditQuery[] queries =
        [
            new(3), new(1000), new(3, Who: "uid:1"), new(3, Set: "set2"), new(3, RefusedOnly: true), new(3, Call: "Drain"),
            new(3, Since: s_now.AddSeconds(20)), new(2, Who: "uid:0", Set: "set0", Call: "Execute", RefusedOnly: true), new(5, Who: "nobody"),
        ];

        foreach (var query in queries)
        {
            var expected = all.Where(entry => query.Passes(entry) && !(entry.Time < query.Since)).Reverse().ToArray();
            Assert.Equal(expected, Pages(journal, query));
        }
    }

    [Fact]
    public async Task Old_records_go_and_of_refused_calls_only_the_newest_stay()
    {
        using var directory = new JournalDirectory();
        await using var journal = directory.Open();
        AuditEntry[] all = [.. Enumerable.Range(0, 3000).Select(number => Entry(number) with
        {
            Outcome = new AuditOutcome(number % 2 == 0 ? StatusCode.OK : StatusCode.NotFound),
        })];
        await journal.Audit.AddAsync(all).WaitAsync(JournalDirectory.Limit);

        await journal.Audit.PruneAsync(all[2500].Time, CancellationToken.None).WaitAsync(JournalDirectory.Limit);
        Assert.Equal(all[2500..].Reverse(), Pages(journal, new AuditQuery(1000)));

        await journal.Audit.PruneAsync(all[0].Time, CancellationToken.None, mostRefused: 10).WaitAsync(JournalDirectory.Limit);
        Assert.Equal(10, Pages(journal, new AuditQuery(1000, RefusedOnly: true)).Count());
        Assert.Equal(260, Pages(journal, new AuditQuery(1000)).Count());
        Assert.Equal(all[^1], Page(journal, new AuditQuery(1)).Entries[0].Entry);
    }

    private static AuditEntry Entry(int number) => new(
        s_now.AddSeconds(number), "anonymous", "127.0.0.1", "Execute", AuditSubject.Nothing, new AuditOutcome(StatusCode.OK));

    private static AuditPage Page(ExecutionJournal journal, AuditQuery query) => journal.Snapshot(view => view.Audit.Page(query));

    private static IEnumerable<AuditEntry> Pages(ExecutionJournal journal, AuditQuery query)
    {
        for (AuditPosition? before = null; ;)
        {
            var page = Page(journal, query with { Before = before });
            foreach (var (_, entry) in page.Entries) yield return entry;
            if (page.Next is null) yield break;
            before = page.Next;
        }
    }
}
