using Hephaestus.Server.Facts;
using Hephaestus.Server.Logs;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Logs;

/// <summary>Follows a log in the background until it ends, or is disposed.</summary>
internal sealed class Follower : IAsyncDisposable
{
    private readonly CancellationTokenSource _end;
    private readonly Latest<int> _batches = new(0);
    private readonly Task _following;

    public Follower(LogReader log, LogQuery? query = null, CancellationToken cancellation = default)
    {
        _end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _following = Task.Run(() => FollowAsync(log, query ?? new LogQuery()), CancellationToken.None);
    }

    /// <summary>To be looked at between <see cref="UntilAsync"/> and what makes the log go on.</summary>
    public Received Received { get; } = new();

    public Task UntilAsync(Func<Received, bool> condition) => _batches.UntilAsync(_ =>
    {
        lock (Received)
        {
            return condition(Received);
        }
    });

    /// <summary>The log ended by itself.</summary>
    public Task EndAsync() => _following.DefaultTimeout();

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _following.DefaultTimeout().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    private async Task FollowAsync(LogReader log, LogQuery query)
    {
        await foreach (var batch in log.ReadAsync(query, _end.Token))
        {
            lock (Received)
            {
                Received.Add(batch);
            }

            _batches.Set(_batches.Value + 1);
        }
    }
}
