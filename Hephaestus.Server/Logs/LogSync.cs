using Hephaestus.Server.Facts;

namespace Hephaestus.Server.Logs;

/// <summary>
/// Bounds what a power loss can take from running logs: each second they are brought to the disk; or, where readers see
/// only what is there, as soon as something is written.
/// </summary>
internal sealed class LogSync : IAsyncDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    public LogSync(LogStore logs, LogPublication? publication = null) =>
        _running = Task.Run(() => publication is null ? SyncEachSecondAsync(logs) : PublishAsync(publication));

    /// <summary>Why logs cannot be brought to the disk; null: they can.</summary>
    public Latest<string?> Trouble { get; } = new(null);

    /// <summary>Stops, after a last time.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    private async Task SyncEachSecondAsync(LogStore logs)
    {
        do
        {
            await Task.Delay(s_interval, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Say(logs.Sync());
        }
        while (!_stopping.IsCancellationRequested);
    }

    private async Task PublishAsync(LogPublication publication)
    {
        while (true)
        {
            var (_, version) = publication.Asked.Current;
            var trouble = publication.Publish();
            Say(trouble);
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            // Nothing tells when a disk works again.
            var next = trouble is null ? publication.Asked.NextAsync(version, _stopping.Token) : Task.Delay(s_interval, _stopping.Token);
            await next.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Say(string? trouble)
    {
        if (Trouble.Value != trouble)
        {
            Trouble.Set(trouble);
        }
    }
}
