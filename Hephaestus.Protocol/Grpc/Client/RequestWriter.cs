using Grpc.Core;
using Grpc.Wire;

namespace Grpc.Net.Client;

/// <summary>A call's requests.</summary>
internal sealed class RequestWriter<TRequest>(
    CallLifetime lifetime,
    RequestStream stream,
    Task<HttpResponseMessage> response,
    Func<TRequest, WriteOptions?, Frame> serialize) : IClientStreamWriter<TRequest>
{
    private int _writing;

    public WriteOptions? WriteOptions { get; set; }

    public Task WriteAsync(TRequest message) => WriteAsync(message, CancellationToken.None);

    public async Task WriteAsync(TRequest message, CancellationToken cancellationToken)
    {
        if (stream.IsCompleted)
        {
            throw new InvalidOperationException("Can't write the message because the request stream is complete.");
        }

        if (Interlocked.Exchange(ref _writing, 1) == 1)
        {
            throw new InvalidOperationException("Can't write the message because the previous write is in progress.");
        }

        // A write that is given up leaves half a message behind, so it takes the call with it.
        using var registration = lifetime.EndOn(CallEnd.CancelledByCaller, cancellationToken);
        try
        {
            await SendAsync(serialize(message, WriteOptions));
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw await ReasonAsync(exception);
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }

    public Task CompleteAsync()
    {
        stream.Complete();
        return Task.CompletedTask;
    }

    private async Task SendAsync(Frame frame)
    {
        var body = await stream.OpenAsync();
        await body.WriteAsync(frame.Bytes, lifetime.Token);
        if (WriteOptions?.Flags.HasFlag(WriteFlags.BufferHint) is not true)
        {
            await body.FlushAsync(lifetime.Token);
        }

        // Only here: a write that failed may still hold the memory.
        frame.Dispose();
    }

    /// <summary>
    /// A body that cannot be written has been closed by the server, and why it did so stands in its response.
    /// </summary>
    private async Task<Exception> ReasonAsync(Exception exception)
    {
        await response;
        return lifetime.ToException()
            ?? new RpcException(new Status(StatusCode.Unavailable, "The server reads no more requests.", exception));
    }
}
