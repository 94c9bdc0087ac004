using Hephaestus.Server.Configuration;
using Hephaestus.Server.Facts;
using Hephaestus.Server.Journal;
using Hephaestus.Server.Logs;
using Hephaestus.Server.Supervision;
using Microsoft.Extensions.Logging;

namespace Hephaestus.Server.Executions;

/// <summary>
/// Removes logs of ended executions, oldest first, as the configuration wants it: at the start, when an execution has come
/// to rest, and each hour. It looks at no more than it removes, and does little at a time, so that others get their turn.
/// What an earlier server had begun to remove it removes in any case. Old records of the audit go as well, hour by hour.
/// </summary>
internal sealed class Retention : IAsyncDisposable
{
    /// <summary>Logs that are removed, or measured, before others get their turn.</summary>
    private const int Batch = 50;

    private static readonly TimeSpan s_interval = TimeSpan.FromHours(1);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Latest<uint> _freed = new(0);
    private readonly RetentionSettings _settings;
    private readonly LogLedger _ledger;
    private readonly AuditLedger _audit;
    private readonly LogStore _logs;
    private readonly Registry _registry;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Task _running;
    private string? _fault;
    private long? _auditPruned;

    public Retention(
        RetentionSettings settings, ExecutionJournal journal, LogStore logs, Registry registry, TimeProvider clock, ILogger<Retention> logger)
    {
        (_settings, _ledger, _audit, _logs) = (settings, journal.Logs, journal.Audit, logs);
        (_registry, _clock, _logger) = (registry, clock, logger);
        _running = Task.Run(() => RunAsync(_stopping.Token));
    }

    /// <summary>Stops after what is being removed; the next start goes on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private async Task RunAsync(CancellationToken stopping)
    {
        string? said = null;
        while (true)
        {
            var (freed, buried) = (_freed.Current.Version, _registry.Buried.Current.Version);
            said = await TrySweepAsync(said, stopping);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            await Task.WhenAny(
                _freed.NextAsync(freed, either.Token),
                _settings.Removes ? _registry.Buried.NextAsync(buried, either.Token) : Task.Delay(Timeout.Infinite, either.Token),
                Task.Delay(s_interval, _clock, either.Token));
            await either.CancelAsync();
            stopping.ThrowIfCancellationRequested();
        }
    }

    /// <summary>What is wrong is said once; it is tried again with the next look.</summary>
    private async Task<string?> TrySweepAsync(string? said, CancellationToken stopping)
    {
        _fault = null;
        try
        {
            await SweepAsync(stopping);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JournalException)
        {
            _fault = fault.Message;
        }

        if (_fault is not null && _fault != said) _logger.LogError("Logs that are to go are still there: {Fault}", _fault);
        return _fault;
    }

    private async Task SweepAsync(CancellationToken stopping)
    {
        await FinishAsync(stopping);
        if (_settings.Bytes is not null) await MeasureAsync(stopping);
        if (_settings.Removes) await RemoveAsync(stopping);
        await PruneAuditAsync(stopping);
    }

    /// <summary>Not at each look: nothing of it is more urgent than an hour, and the looks may come one upon the other.</summary>
    private async Task PruneAuditAsync(CancellationToken stopping)
    {
        if (_auditPruned is { } pruned && _clock.GetElapsedTime(pruned) < s_interval / 2) return;
        await _audit.PruneAsync(_clock.GetUtcNow().AddDays(-_settings.AuditDays), stopping);
        _auditPruned = _clock.GetTimestamp();
    }

    /// <summary>Those whose removal was decided: by a server that was killed, or while somebody read them.</summary>
    private async Task FinishAsync(CancellationToken stopping)
    {
        for (var last = 0u; _ledger.Read(logs => logs.Unfinished(last, Batch)) is { Count: > 0 } batch; last = batch[^1])
        {
            await FinishAsync(batch, stopping);
        }
    }

    private async Task FinishAsync(IReadOnlyList<uint> decided, CancellationToken stopping)
    {
        uint[] gone = [.. decided.Where(TryRemove)];
        if (gone.Length == 0) return;
        _logs.SyncDirectories();
        CrashPoint.Reach("log-unlinked");
        await _ledger.FinishAsync(gone, stopping);
        CrashPoint.Reach("log-finished");
    }

    /// <summary>One that cannot be removed keeps no other from going.</summary>
    private bool TryRemove(uint id)
    {
        try
        {
            return _logs.Remove(id, () => _freed.Set(id));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            _fault ??= fault.Message;
            return false;
        }
    }

    private async Task MeasureAsync(CancellationToken stopping)
    {
        for (var last = 0u; _ledger.Read(logs => logs.Unmeasured(last, Batch)) is { Count: > 0 } batch; last = batch[^1])
        {
            await _ledger.MeasuredAsync([.. batch.Where(id => !_registry.IsBusy(id)).Select(id => (id, _logs.Measure(id)))], stopping);
        }
    }

    private async Task RemoveAsync(CancellationToken stopping)
    {
        var rules = new RetentionRules(_settings, _ledger.Read(logs => logs.Total), _clock.GetUtcNow());
        KeptLog? last = null;
        while (_ledger.Read(logs => logs.Oldest(last, Batch)) is { Count: > 0 } oldest)
        {
            var going = oldest.Select(log => (log.Execution, Why: rules.Removes(log))).TakeWhile(log => log.Why is not null).ToArray();

            // One that something may still be added to counts as gone, and goes with a later look.
            var idle = going.Where(log => !_registry.IsBusy(log.Execution)).Select(log => (log.Execution, log.Why!)).ToArray();
            if (idle.Length > 0) await RemoveAsync(idle, stopping);
            if (going.Length < oldest.Count) return;
            last = oldest[^1];
        }
    }

    private async Task RemoveAsync((uint Execution, string Why)[] logs, CancellationToken stopping)
    {
        var decided = await _ledger.RemoveAsync(logs, _clock.GetUtcNow(), stopping);
        CrashPoint.Reach("log-decided");
        await FinishAsync(decided, stopping);
    }
}
