namespace Hephaestus.Server.Logs;

/// <summary>Bounds what a power loss can take from running logs: each second they are brought to the disk.</summary>
internal sealed class LogSync : IAsyncDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    private readonly PeriodicTimer _timer = new(s_interval);
    private readonly Task _running;

    public LogSync(LogStore logs) => _running = Task.Run(() => RunAsync(logs));

    /// <summary>Stops, after a last time.</summary>
    public async ValueTask DisposeAsync()
    {
        _timer.Dispose();
        await _running;
    }

    private async Task RunAsync(LogStore logs)
    {
        while (await _timer.WaitForNextTickAsync())
        {
            logs.Sync();
        }

        logs.Sync();
    }
}
