using Grpc.Core;
using Hephaestus.Server.Audit;
using Hephaestus.Server.Journal;
using Hephaestus.Tests.Journal;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hephaestus.Tests.Audit;

/// <summary>How refusals come into the journal.</summary>
public sealed class AuditLogTests
{
    private readonly WindowTime _time = new();

    [Fact]
    public async Task What_is_refused_again_and_again_is_recorded_with_its_number_when_the_minute_is_over()
    {
        using var directory = new JournalDirectory();
        await using var journal = directory.Open();
        await using var audit = new AuditLog(journal, _time, NullLogger<AuditLog>.Instance);

        for (var minute = 1; minute <= 2; minute++)
        {
            for (var number = 0; number < 25; number++) await audit.AddRefusedAsync(Refusal()).WaitAsync(JournalDirectory.Limit);
            Assert.Equal((minute * 11) - 1, directory.Ask("SELECT count(*) FROM audit"));
            await _time.EndWindowAsync();
            await UntilAsync(directory, "SELECT count(*) FROM audit", minute * 11);
        }

        Assert.Equal(50, directory.Ask("SELECT sum(count) FROM audit"));
        Assert.Equal(2, directory.Ask("SELECT count(*) FROM audit WHERE count = 15"));
    }

    [Fact]
    public async Task What_is_counted_is_recorded_at_the_end_too()
    {
        using var directory = new JournalDirectory();
        await using var journal = directory.Open();
        await using (var audit = new AuditLog(journal, _time, NullLogger<AuditLog>.Instance))
        {
            for (var number = 0; number < 25; number++) await audit.AddRefusedAsync(Refusal()).WaitAsync(JournalDirectory.Limit);
        }

        Assert.Equal((11, 25), (directory.Ask("SELECT count(*) FROM audit"), directory.Ask("SELECT sum(count) FROM audit")));
    }

    [FactForRoot]
    public async Task A_full_disk_holds_no_refusal_up_and_their_number_is_recorded_when_there_is_space()
    {
        await using var disk = await SmallDisk.MountAsync();
        await using var journal = disk.Directory.Open();
        await using var audit = new AuditLog(journal, _time, NullLogger<AuditLog>.Instance);
        await journal.AcceptAsync(JournalDirectory.Execution()).WaitAsync(JournalDirectory.Limit);
        var filler = disk.Fill();
        var (_, version) = journal.Trouble.Current;
        var waiting = journal.AppendAsync(1, JournalDirectory.Remarks(new string('x', 100_000)));
        await journal.Trouble.NextAsync(version, CancellationToken.None).WaitAsync(JournalDirectory.Limit);

        for (var number = 0; number < 25; number++) await audit.AddRefusedAsync(Refusal()).WaitAsync(JournalDirectory.Limit);
        var done = audit.AddAsync(Refusal() with { Outcome = new AuditOutcome(StatusCode.OK) });
        await _time.EndWindowAsync();
        Assert.False(done.IsCompleted);
        File.Delete(filler);

        await waiting.WaitAsync(JournalDirectory.Limit);
        await done.WaitAsync(JournalDirectory.Limit);
        await UntilAsync(disk.Directory, "SELECT count(*) FROM audit", 3);
        Assert.Equal(10, disk.Directory.Ask("SELECT count FROM audit WHERE detail = 'refused while the journal could not be written'"));
        Assert.Equal(15, disk.Directory.Ask("SELECT count FROM audit WHERE status = 5"));
    }

    private static AuditEntry Refusal() => new(
        DateTimeOffset.UtcNow, "anonymous", "127.0.0.1", "Execute", AuditSubject.Nothing, new AuditOutcome(StatusCode.NotFound, "no such plan"));

    private static async Task UntilAsync(JournalDirectory directory, string sql, long number)
    {
        using var watcher = new FileSystemWatcher(directory.Root, "journal.db-wal");
        using var written = new SemaphoreSlim(0);
        watcher.Changed += (_, _) => written.Release();
        watcher.EnableRaisingEvents = true;
        while (directory.Ask(sql) != number)
        {
            await written.WaitAsync().WaitAsync(JournalDirectory.Limit);
        }
    }

    /// <summary>A time whose minutes end when the test says so.</summary>
    private sealed class WindowTime : TimeProvider
    {
        private readonly SemaphoreSlim _begun = new(0);
        private Action? _end;

        /// <summary>Ends the minute, which has begun or begins.</summary>
        public async Task EndWindowAsync()
        {
            await _begun.WaitAsync().WaitAsync(JournalDirectory.Limit);
            _end!();
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Assert.Equal(AuditLog.Window, dueTime);
            _end = () => callback(state);
            _begun.Release();
            return new Timer(_ => { }, null, Timeout.Infinite, Timeout.Infinite);
        }
    }
}
