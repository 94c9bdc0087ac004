using Hephaestus.Server.Journal;
using Hephaestus.Server.Logs;
using Microsoft.Extensions.Logging;

namespace Hephaestus.Server.Standard;

/// <summary>
/// Says, in the server's log and to whoever asks for its health, when the journal or output cannot be written, and when it
/// can again. Meanwhile steps wait, and nothing is lost.
/// </summary>
internal sealed class SpaceWatch : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly Pump _pump;
    private readonly ExecutionJournal _journal;
    private readonly LogSync _sync;
    private readonly ServingStatus _serving;
    private readonly ILogger _logger;
    private readonly Task _running;

    public SpaceWatch(Pump pump, ExecutionJournal journal, LogSync sync, ServingStatus serving, ILogger<SpaceWatch> logger)
    {
        (_pump, _journal, _sync, _serving, _logger) = (pump, journal, sync, serving, logger);
        _running = RunAsync(_stopping.Token);
    }

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
            var (stall, stallVersion) = _pump.Stall.Current;
            var (trouble, troubleVersion) = _journal.Trouble.Current;
            var (unsynced, unsyncedVersion) = _sync.Trouble.Current;
            said = Say(trouble ?? stall.Reason ?? unsynced, said);

            // What waits for the others must not pile up there.
            using var any = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            await Task.WhenAny(
                _pump.Stall.NextAsync(stallVersion, any.Token),
                _journal.Trouble.NextAsync(troubleVersion, any.Token),
                _sync.Trouble.NextAsync(unsyncedVersion, any.Token));
            await any.CancelAsync();
            stopping.ThrowIfCancellationRequested();
        }
    }

    private string? Say(string? reason, string? said)
    {
        if (reason is null && said is not null)
        {
            _logger.LogWarning("What could not be written is written again; what waited goes on");
            _serving.Remove(Impediments.DiskFull);
        }
        else if (reason is not null && reason != said)
        {
            _logger.LogError("Steps wait, nothing is lost: {Reason}", reason);
            _serving.Add(Impediments.DiskFull);
        }

        return reason;
    }
}
