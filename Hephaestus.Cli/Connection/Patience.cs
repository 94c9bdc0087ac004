using Grpc.Core;

namespace Hephaestus.Cli.Connection;

/// <summary>
/// How a broken connection is taken up again: after pauses that double up to a bound. It is shared by all streams of the
/// program, so that the user hears of each break once.
/// </summary>
/// <param name="limit">How long a break may last; null: for ever.</param>
/// <param name="describe">A failure in words.</param>
internal sealed class Patience(TimeSpan? limit, Func<RpcException, string> describe, Action<string> say, TimeProvider time)
{
    private static readonly TimeSpan s_first = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private bool _reached;
    private long? _brokenSince;
    private TimeSpan _pause = s_first;

    /// <summary>The server has answered.</summary>
    public void Reached()
    {
        lock (_lock)
        {
            if (_brokenSince is not null)
            {
                say("connected again");
            }

            (_reached, _brokenSince, _pause) = (true, null, s_first);
        }
    }

    /// <summary>Waits before the next try.</summary>
    /// <exception cref="RpcException">There is none: the server was never reached, or the break has lasted too long.</exception>
    public async Task WaitAsync(RpcException fault, CancellationToken cancellation) =>
        await Task.Delay(Next(fault), time, cancellation);

    private TimeSpan Next(RpcException fault)
    {
        lock (_lock)
        {
            var left = (limit ?? TimeSpan.MaxValue) - (_brokenSince is { } since ? time.GetElapsedTime(since) : TimeSpan.Zero);
            if (!_reached || !Faults.IsLost(fault) || left <= TimeSpan.Zero)
            {
                throw fault;
            }

            if (_brokenSince is null)
            {
                say($"{describe(fault).TrimEnd('.')}; trying to reach it again{Bound}");
                _brokenSince = time.GetTimestamp();
            }

            var pause = _pause;
            _pause = Least(pause * 2, s_longest);
            // Many wait for the same server: not all of them should come at once.
            return Least(pause * (0.5 + (Random.Shared.NextDouble() / 2)), left);
        }
    }

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private string Bound => limit is { } bound ? $" for {Protocol.Configuration.DurationText.Format(bound)}" : "";
}
