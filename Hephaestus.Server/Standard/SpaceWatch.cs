using Hephaestus.Server.Facts;
using Hephaestus.Server.Logs;
using Microsoft.Extensions.Logging;

namespace Hephaestus.Server.Standard;

/// <summary>What the machine may lack, by those who found out; null: nothing.</summary>
/// <param name="Output">Output waits in its FIFOs.</param>
/// <param name="Journal">The journal cannot be written.</param>
/// <param name="Sync">Logs cannot be brought to the disk.</param>
/// <param name="Work">Something cannot be begun.</param>
internal sealed record Lacks(Latest<PumpStall> Output, Latest<string?> Journal, Latest<string?> Sync, Latest<string?> Work);

/// <summary>
/// Says, in the server's log and to whoever asks for its health, when the journal or output cannot be written, or nothing be
/// begun, and when it can again. Meanwhile steps wait, and nothing is lost.
/// </summary>
internal sealed class SpaceWatch : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lacks _lacks;
    private readonly ServingStatus _serving;
    private readonly ILogger _logger;
    private readonly Task _running;

    public SpaceWatch(Lacks lacks, ServingStatus serving, ILogger<SpaceWatch> logger)
    {
        (_lacks, _serving, _logger) = (lacks, serving, logger);
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
            var (output, journal) = (_lacks.Output.Current, _lacks.Journal.Current);
            var (sync, work) = (_lacks.Sync.Current, _lacks.Work.Current);
            said = Say(journal.Value ?? output.Value.Reason ?? sync.Value ?? work.Value, said);

            // What waits for the others must not pile up there.
            using var any = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            await Task.WhenAny(
                _lacks.Output.NextAsync(output.Version, any.Token),
                _lacks.Journal.NextAsync(journal.Version, any.Token),
                _lacks.Sync.NextAsync(sync.Version, any.Token),
                _lacks.Work.NextAsync(work.Version, any.Token));
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
