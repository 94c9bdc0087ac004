namespace Hephaestus.Tests.Chaos.Observers;

/// <summary>All connections of a round's observers, to be broken at once.</summary>
internal sealed class Switchboard : IDisposable
{
    private readonly Lock _gate = new();
    private CancellationTokenSource _connections = new();

    /// <summary>Cancelled when the connections that are open now are broken.</summary>
    public CancellationToken Connected
    {
        get
        {
            lock (_gate)
            {
                return _connections.Token;
            }
        }
    }

    public void BreakAll()
    {
        CancellationTokenSource broken;
        lock (_gate)
        {
            (broken, _connections) = (_connections, new CancellationTokenSource());
        }

        broken.Cancel();
        broken.Dispose();
    }

    public void Dispose() => _connections.Dispose();
}
