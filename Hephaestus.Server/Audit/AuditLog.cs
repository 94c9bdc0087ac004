using System.Threading.Channels;
using Grpc.Core;
using Hephaestus.Server.Journal;
using Microsoft.Extensions.Logging;

namespace Hephaestus.Server.Audit;

/// <summary>
/// Brings the audit into the journal. Of calls that are refused again and again the first are recorded one by one and the others
/// counted; each minute the counts are recorded. What cannot be recorded, since the disk is full, is counted as well.
/// </summary>
internal sealed class AuditLog : IAsyncDisposable
{
    /// <summary>Counts are recorded so much after the first refusal that they begin with.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Channel<bool> _refused = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private readonly CancellationTokenSource _stopping = new();
    private readonly RefusalTally _tally = new();
    private readonly ExecutionJournal _journal;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Task _running;
    private long _lost;

    public AuditLog(ExecutionJournal journal, TimeProvider clock, ILogger<AuditLog> logger)
    {
        (_journal, _clock, _logger) = (journal, clock, logger);
        _running = Task.Run(() => RunAsync(_stopping.Token));
    }

    /// <summary>Records what was done; completes when it is in the journal. While the disk refuses it waits.</summary>
    /// <inheritdoc cref="AuditLedger.AddAsync" path="/exception"/>
    public Task AddAsync(AuditEntry done) => _journal.Audit.AddAsync(done);

    /// <summary>Records a refusal, which is not held up by a disk that is full: completes when it is in the journal, or counted.</summary>
    public async Task AddRefusedAsync(AuditEntry refused)
    {
        var alone = _tally.IsToldAlone(refused);
        _refused.Writer.TryWrite(true);
        if (!alone)
        {
            return;
        }

        if (_journal.Trouble.Value is { } trouble)
        {
            Lose(1, trouble);
        }
        else
        {
            await WrittenOrTroubleAsync(TryAddAsync([refused]));
        }
    }

    /// <summary>Records what was counted, if the disk takes it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_journal.Trouble.Value is null)
        {
            await WrittenOrTroubleAsync(RecordCountsAsync());
        }

        _stopping.Dispose();
    }

    private async Task RunAsync(CancellationToken stopping)
    {
        while (await _refused.Reader.ReadAsync(stopping))
        {
            await Task.Delay(Window, _clock, stopping);
            for (var (trouble, version) = _journal.Trouble.Current; trouble is not null; (trouble, version) = _journal.Trouble.Current)
            {
                await _journal.Trouble.NextAsync(version, stopping);
            }

            await RecordCountsAsync();
        }
    }

    private async Task RecordCountsAsync()
    {
        var counts = _tally.Take(_clock.GetUtcNow());
        var lost = Interlocked.Exchange(ref _lost, 0);
        if (lost > 0)
        {
            counts = counts.Add(new AuditEntry(
                _clock.GetUtcNow(), "", "", "", AuditSubject.Nothing,
                new AuditOutcome(StatusCode.Unavailable, "refused while the journal could not be written", Count: lost)));
            _logger.LogWarning("{Lost} refused calls are in the audit by their number only", lost);
        }

        if (!counts.IsEmpty)
        {
            await TryAddAsync(counts);
        }
    }

    private async Task TryAddAsync(IReadOnlyCollection<AuditEntry> refused)
    {
        try
        {
            await _journal.Audit.AddAsync(refused);
        }
        catch (Exception fault) when (fault is JournalException or ObjectDisposedException)
        {
            Lose(refused.Sum(entry => entry.Outcome.Count), fault.Message);
        }
    }

    private void Lose(long count, string why)
    {
        if (Interlocked.Add(ref _lost, count) == count)
        {
            _logger.LogError("Refused calls cannot be recorded in the audit, they are counted: {Reason}", why);
        }
    }

    /// <summary>What waits in the journal's queue when trouble begins is written when that has passed.</summary>
    private async Task WrittenOrTroubleAsync(Task writing)
    {
        for (var (trouble, version) = _journal.Trouble.Current; trouble is null && !writing.IsCompleted;)
        {
            // What waits for the other one must not pile up there.
            using var either = new CancellationTokenSource();
            await Task.WhenAny(writing, _journal.Trouble.NextAsync(version, either.Token));
            await either.CancelAsync();
            (trouble, version) = _journal.Trouble.Current;
        }
    }
}
