using Grpc.Core;

namespace Grpc.AspNetCore.Server;

/// <summary>A call's requests.</summary>
internal sealed class RequestReader<TRequest>(HttpServerCall call, Marshaller<TRequest> marshaller)
    : IAsyncStreamReader<TRequest>
    where TRequest : class
{
    private TRequest? _current;
    private int _reading;

    public TRequest Current => _current ?? throw new InvalidOperationException("No message has been read.");

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _reading, 1) == 1)
        {
            throw new InvalidOperationException(
                "Can't read the next message because the previous read is still in progress.");
        }

        using var either = EitherToken.Of(call.CancellationToken, cancellationToken);
        try
        {
            return (_current = await call.Requests.ReadAsync(marshaller, either.Token)) is not null;
        }
        finally
        {
            Volatile.Write(ref _reading, 0);
        }
    }
}
