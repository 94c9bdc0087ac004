namespace Grpc.Core;

/// <summary>Messages that come one after another. One read at a time.</summary>
public interface IAsyncStreamReader<out T>
{
    /// <summary>The message that the last successful <see cref="MoveNext"/> read.</summary>
    T Current { get; }

    /// <summary>
    /// Reads the next message; false at the end of the stream. Throws RpcException when the call did not end OK.
    /// </summary>
    Task<bool> MoveNext(CancellationToken cancellationToken);
}

/// <summary>Messages that go one after another. One write at a time.</summary>
public interface IAsyncStreamWriter<in T>
{
    /// <summary>Hints for the writes that follow.</summary>
    WriteOptions? WriteOptions { get; set; }

    /// <summary>Writes a message; ends when it is handed to the transport, which may wait for the peer to read.</summary>
    Task WriteAsync(T message);

    /// <summary>The same, and gives up when the token says so.</summary>
    Task WriteAsync(T message, CancellationToken cancellationToken) =>
        cancellationToken.CanBeCanceled
            ? throw new NotSupportedException("Cancellation of stream writes is not supported by this writer.")
            : WriteAsync(message);
}

/// <summary>A server's responses.</summary>
public interface IServerStreamWriter<in T> : IAsyncStreamWriter<T>
{
}

/// <summary>A client's requests.</summary>
public interface IClientStreamWriter<in T> : IAsyncStreamWriter<T>
{
    /// <summary>No more requests follow.</summary>
    Task CompleteAsync();
}
