using Grpc.Core;

namespace Hephaestus.Server.Access;

/// <summary>The end of a stream's permission, for the stream to see.</summary>
/// <param name="call">Ends with the call.</param>
internal sealed class Lapse(CancellationToken call) : IDisposable
{
    private readonly CancellationTokenSource _ending = CancellationTokenSource.CreateLinkedTokenSource(call);
    private RpcException? _why;

    /// <summary>Ends with the permission, and with the call.</summary>
    public CancellationToken Token => _ending.Token;

    /// <summary>Ends the token.</summary>
    /// <param name="why">Null: the call has ended by itself.</param>
    public Task EndAsync(RpcException? why)
    {
        // Before the token: who sees that finds this.
        Interlocked.CompareExchange(ref _why, why, null);
        return _ending.CancelAsync();
    }

    /// <exception cref="RpcException">The permission has ended.</exception>
    public void ThrowIfEnded()
    {
        if (Volatile.Read(ref _why) is { } why)
        {
            throw why;
        }
    }

    public void Dispose() => _ending.Dispose();
}
