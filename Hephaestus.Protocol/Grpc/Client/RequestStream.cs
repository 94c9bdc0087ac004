using System.Net;
using System.Net.Http.Headers;
using Grpc.Wire;

namespace Grpc.Net.Client;

/// <summary>A body that is written while the call runs.</summary>
internal sealed class RequestStream : HttpContent
{
    private readonly TaskCompletionSource<Stream> _body = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationToken _ended;

    public RequestStream(CancellationToken ended)
    {
        _ended = ended;
        Headers.ContentType = new MediaTypeHeaderValue(HeaderNames.ContentType);
    }

    /// <summary>Whether <see cref="Complete"/> was called.</summary>
    public bool IsCompleted => _completed.Task.IsCompleted;

    /// <summary>Where to write, as soon as there is a connection.</summary>
    public Task<Stream> OpenAsync() => _body.Task.WaitAsync(_ended);

    /// <summary>Nothing more will be written.</summary>
    public void Complete() => _completed.TrySetResult();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // Else the headers would wait for the first message, and a server that speaks first would never be reached.
        await stream.FlushAsync(cancellationToken);
        if (!_body.TrySetResult(stream))
        {
            throw new IOException("The connection was lost, and a stream of requests cannot be sent a second time.");
        }

        await _completed.Task.WaitAsync(_ended);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
