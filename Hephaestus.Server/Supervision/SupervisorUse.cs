using Hephaestus.Server.Facts;
using Hephaestus.Server.Supervision.Protocol;

namespace Hephaestus.Server.Supervision;

/// <summary>
/// The connection that is in use: whoever asks while there is none waits for the next. It can be taken out of use at a
/// moment when nobody asks and nothing is held. Thread-safe.
/// </summary>
internal sealed class SupervisorUse
{
    private readonly Lock _gate = new();
    private readonly Latest<SupervisorLink?> _link = new(null);

    /// <summary>Counts the moments at which it may have become idle.</summary>
    private readonly Latest<int> _changes = new(0);
    private int _asking;

    /// <summary>Another one whenever the connection is another one.</summary>
    public long Version => _link.Current.Version;

    /// <summary>From now on this one is asked.</summary>
    public void Begin(SupervisorLink link) => _link.Set(link);

    /// <summary>From now on whoever asks waits.</summary>
    public void End() => _link.Set(null);

    /// <summary>Something may have come to its end.</summary>
    public void Look() => _changes.Set(0);

    /// <summary>The answer, and the version of the connection that it came over. Asks again where one breaks.</summary>
    public async Task<(Reply Reply, long Version)> AskAsync(Request request, CancellationToken cancellation)
    {
        while (true)
        {
            var (link, version) = Enter();
            if (link is not null && await AskAsync(link, request, cancellation) is { } reply)
            {
                return (reply, version);
            }

            await _link.NextAsync(version, cancellation);
        }
    }

    /// <summary>
    /// Takes the connection out of use as soon as the supervisor holds nothing; false: it has broken before that.
    /// </summary>
    /// <param name="knowsNone">Whether the server knows of nothing that is held.</param>
    public async Task<bool> UntilIdleAsync(SupervisorLink link, Func<bool> knowsNone, CancellationToken cancellation)
    {
        while (!link.Closed.IsCompleted)
        {
            var (_, seen) = _changes.Current;
            if (knowsNone() && await HoldsNothingAsync(link, cancellation) && await TryEndAsync(link, cancellation))
            {
                return true;
            }

            await Task.WhenAny(link.Closed, _changes.NextAsync(seen, cancellation));
            cancellation.ThrowIfCancellationRequested();
        }

        return false;
    }

    private static async Task<bool> HoldsNothingAsync(SupervisorLink link, CancellationToken cancellation) =>
        await link.ListAsync(cancellation) is { Attempts.Attempts_.Count: 0 };

    private async Task<Reply?> AskAsync(SupervisorLink link, Request request, CancellationToken cancellation)
    {
        try
        {
            return await link.AskAsync(request, cancellation);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Looks once more when nobody can ask any more: the last who did may have started something.</summary>
    private async Task<bool> TryEndAsync(SupervisorLink link, CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (_asking > 0)
            {
                return false;
            }

            End();
        }

        if (await HoldsNothingAsync(link, cancellation))
        {
            return true;
        }

        Begin(link);
        return false;
    }

    private (SupervisorLink? Link, long Version) Enter()
    {
        lock (_gate)
        {
            var current = _link.Current;
            _asking += current.Value is null ? 0 : 1;
            return current;
        }
    }

    private void Leave()
    {
        lock (_gate)
        {
            _asking--;
        }

        Look();
    }
}
