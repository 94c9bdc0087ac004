using System.Security.Cryptography;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Facts;
using Hephaestus.Server.Journal;

namespace Hephaestus.Tests.Journal;

public sealed class DiskTests
{
    [FactForRoot]
    public async Task Facts_wait_while_the_disk_is_full_and_are_written_once_there_is_space()
    {
        await using var disk = await SmallDisk.MountAsync();
        await using var journal = disk.Directory.Open();
        await journal.AcceptAsync(JournalDirectory.Execution()).WaitAsync(JournalDirectory.Limit);
        var filler = disk.Fill();
        var facts = Enumerable.Range(0, 5).Select(n => (ExecutionFact)new ExecutionFact.Remark(new string((char)('a' + n), 20_000), false));

        var waiting = journal.AppendAsync(1, [.. facts]);
        var behind = journal.AppendAsync(1, JournalDirectory.Remarks("behind"));
        await UntilAsync(journal.Trouble, trouble => trouble is not null);

        Assert.Equal($"{disk.Directory.File}: its disk is full; free some space", journal.Trouble.Value);
        Assert.False(waiting.IsCompleted);
        Assert.Equal(1, journal.Head.Value);
        Assert.Single(journal.EventsOf(1));

        File.Delete(filler);
        var events = await waiting.WaitAsync(JournalDirectory.Limit);
        await behind.WaitAsync(JournalDirectory.Limit);

        Assert.Equal([2, 3, 4, 5, 6], events.Select(e => e.Sequence));
        Assert.Equal(7, journal.EventsOf(1).Count);
        Assert.Null(journal.Trouble.Value);
    }

    [FactForRoot]
    public async Task A_journal_that_is_closed_while_the_disk_is_full_tells_whoever_waits()
    {
        await using var disk = await SmallDisk.MountAsync();
        var journal = disk.Directory.Open();
        await journal.AcceptAsync(JournalDirectory.Execution()).WaitAsync(JournalDirectory.Limit);
        disk.Fill();
        var waiting = journal.AppendAsync(1, JournalDirectory.Remarks(new string('x', 100_000)));
        await UntilAsync(journal.Trouble, trouble => trouble is not null);

        await journal.DisposeAsync().AsTask().WaitAsync(JournalDirectory.Limit);

        var error = await Assert.ThrowsAsync<JournalException>(() => waiting.WaitAsync(JournalDirectory.Limit));
        Assert.Contains("disk is full", error.Message, StringComparison.Ordinal);
    }

    [FactForRoot]
    public async Task A_journal_that_was_closed_in_order_waits_for_space_too_when_it_is_opened()
    {
        await using var disk = await SmallDisk.MountAsync();
        await disk.Directory.Open().DisposeAsync();
        var filler = disk.Fill();

        var error = Assert.Throws<JournalException>(() => disk.Directory.Open());

        Assert.Equal((true, $"{disk.Directory.File}: its disk is full; free some space"), (error.IsFull, error.Message));
        File.Delete(filler);
        await disk.Directory.Open().DisposeAsync();
    }

    [FactForRoot]
    public async Task A_journal_on_a_read_only_file_system_is_refused()
    {
        await using var disk = await SmallDisk.MountAsync();
        await disk.Directory.Open().DisposeAsync();
        await JournalDirectory.RunAsync("mount", "-o", "remount,ro", disk.Directory.Root);

        var error = Assert.Throws<JournalException>(() => disk.Directory.Open());

        Assert.Contains("writable", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_committed_unsynced_is_synced_a_second_later_and_then_no_timer_runs()
    {
        using var directory = new JournalDirectory();
        var time = new HandTime();
        await using var journal = directory.Open(time);
        await journal.AcceptAsync(JournalDirectory.Execution()).WaitAsync(JournalDirectory.Limit);
        Assert.Equal((1, false), (Synced(directory), time.Runs));

        await journal.AppendAsync(1, JournalDirectory.Remarks("unsynced")).WaitAsync(JournalDirectory.Limit);
        Assert.Equal((1, true), (Synced(directory), time.Runs));
        Assert.Equal(TimeSpan.FromSeconds(1), time.Due);

        time.Fire();
        await journal.AppendAsync(1, JournalDirectory.Remarks("behind the sync, or with it")).WaitAsync(JournalDirectory.Limit);
        Assert.InRange(Synced(directory), 2, 3);

        await journal.AppendAsync(1, [new ExecutionFact.Ended(State.Ok)]).WaitAsync(JournalDirectory.Limit);
        Assert.Equal((4, false), (Synced(directory), time.Runs));
    }

    [Fact]
    public async Task With_full_sync_nothing_is_told_before_it_is_synced()
    {
        using var directory = new JournalDirectory();
        await using var journal = directory.Open(policy: HistorySync.Full);
        await journal.AcceptAsync(JournalDirectory.Execution()).WaitAsync(JournalDirectory.Limit);

        await journal.AppendAsync(1, JournalDirectory.Remarks("synced")).WaitAsync(JournalDirectory.Limit);

        Assert.Equal(2, Synced(directory));
    }

    [Fact]
    public async Task The_wal_stays_bounded_though_somebody_reads_at_every_moment()
    {
        using var directory = new JournalDirectory();
        await using var journal = directory.Open();
        await journal.AcceptAsync(JournalDirectory.Execution()).WaitAsync(JournalDirectory.Limit);
        using var finished = new CancellationTokenSource();
        var readers = Overlapping(journal, finished.Token);

        var most = 0L;
        for (var n = 0; n < 60; n++)
        {
            // Noise: 1 MB a turn.
            var text = Convert.ToHexString(RandomNumberGenerator.GetBytes(500_000));
            await journal.AppendAsync(1, JournalDirectory.Remarks(text)).WaitAsync(JournalDirectory.Limit);
            most = Math.Max(most, new FileInfo(directory.File + "-wal").Length);
        }

        await finished.CancelAsync();
        await readers.WaitAsync(JournalDirectory.Limit);
        Assert.InRange(most, 1, 3 * JournalFile.WalBytes);
    }

    /// <summary>Two readers by turns, each of which ends only when the other one has begun.</summary>
    private static Task Overlapping(ExecutionJournal journal, CancellationToken end)
    {
        var begun = new[] { new SemaphoreSlim(0), new SemaphoreSlim(1) };
        Task Reader(int me) => Task.Run(() =>
        {
            while (!end.IsCancellationRequested)
            {
                journal.Snapshot(view =>
                {
                    var head = view.Head;
                    begun[me].Release();
                    return head + (begun[1 - me].Wait(JournalDirectory.Limit) ? 0 : -1);
                });
            }

            begun[me].Release(2);
        }, CancellationToken.None);
        return Task.WhenAll(Reader(0), Reader(1));
    }

    private static long Synced(JournalDirectory directory) => directory.Ask("SELECT synced FROM numbers");

    private static async Task UntilAsync<T>(Latest<T> latest, Func<T, bool> condition)
    {
        using var limit = new CancellationTokenSource(JournalDirectory.Limit);
        for (var (value, version) = latest.Current; !condition(value); (value, version) = latest.Current)
        {
            await latest.NextAsync(version, limit.Token);
        }
    }
}
