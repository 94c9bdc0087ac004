using Grpc.Core;

namespace Grpc.AspNetCore.Server;

/// <summary>A call's responses.</summary>
internal sealed class ResponseWriter<TResponse>(HttpServerCall call, Marshaller<TResponse> marshaller)
    : IServerStreamWriter<TResponse>
    where TResponse : class
{
    private int _writing;

    public WriteOptions? WriteOptions { get; set; }

    public Task WriteAsync(TResponse message) => WriteAsync(message, CancellationToken.None);

    public async Task WriteAsync(TResponse message, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _writing, 1) == 1)
        {
            throw new InvalidOperationException("Can't write the message because the previous write is in progress.");
        }

        using var either = EitherToken.Of(call.CancellationToken, cancellationToken);
        try
        {
            await call.WriteAsync(marshaller, message, WriteOptions ?? call.WriteOptions, either.Token);
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }
}
