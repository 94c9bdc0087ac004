using Grpc.Core;

namespace Hephaestus.Server.Streaming;

/// <summary>
/// A stream of answers that tells a client that has gone from a disk that fails. A write may find out before the call's
/// token is cancelled.
/// </summary>
internal sealed class GuardedWriter<T>(IServerStreamWriter<T> writer) : IServerStreamWriter<T>
{
    public WriteOptions? WriteOptions
    {
        get => writer.WriteOptions;
        set => writer.WriteOptions = value;
    }

    public Task WriteAsync(T message) => WriteAsync(message, CancellationToken.None);

    public async Task WriteAsync(T message, CancellationToken cancellationToken)
    {
        try
        {
            await writer.WriteAsync(message, cancellationToken);
        }
        catch (IOException gone)
        {
            throw new ClientGoneException(gone);
        }
    }
}

/// <summary>Nobody reads what a call would write.</summary>
internal sealed class ClientGoneException(IOException gone) : Exception(gone.Message, gone);
