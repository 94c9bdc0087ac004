using Grpc.Core;

namespace Grpc.Net.Client;

/// <summary>A call's responses.</summary>
internal sealed class ResponseReader<TResponse>(CallLifetime lifetime, Func<Task<TResponse?>> read)
    : IAsyncStreamReader<TResponse>
    where TResponse : class
{
    private TResponse? _current;
    private int _reading;

    public TResponse Current => _current ?? throw new InvalidOperationException("No message has been read.");

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _reading, 1) == 1)
        {
            throw new InvalidOperationException(
                "Can't read the next message because the previous read is still in progress.");
        }

        // A read that is given up leaves half a message behind, so it takes the call with it.
        using var registration = lifetime.EndOn(CallEnd.CancelledByCaller, cancellationToken);
        try
        {
            return (_current = await read()) is not null;
        }
        finally
        {
            Volatile.Write(ref _reading, 0);
        }
    }
}
