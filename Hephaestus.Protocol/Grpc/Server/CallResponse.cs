using System.IO.Compression;
using Grpc.Core;
using Grpc.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Grpc.AspNetCore.Server;

/// <summary>
/// The HTTP response of a call. The handler writes, the deadline may end it at the same time: whatever touches the
/// response holds the gate.
/// </summary>
#pragma warning disable CA1001 // Types that own disposable fields should be disposable: no wait handle is ever asked of _gate
internal sealed class CallResponse
#pragma warning restore CA1001
{
    private const int NoError = 0x0;
    private const int Cancel = 0x8;

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly HttpContext _http;
    private bool _isEnded;
    private bool _isStuck;

    public CallResponse(HttpContext http, CompressionLevel? compression)
    {
        _http = http;
        Compression = compression;
        http.Response.ContentType = HeaderNames.ContentType;
        if (compression is not null)
        {
            http.Response.Headers[HeaderNames.Encoding] = Gzip.Name;
        }
    }

    /// <summary>How messages are compressed; null: not.</summary>
    public CompressionLevel? Compression { get; }

    /// <summary>Whether a write found that the client takes no more; the call's token may learn of it later.</summary>
    public bool IsClosedByPeer { get; private set; }

    /// <summary>Nothing is written or even buffered: the status can still be the whole response.</summary>
    private bool IsEmpty => !_http.Response.HasStarted && _http.Response.BodyWriter.UnflushedBytes == 0;

    public async Task StartAsync(Metadata headers, CancellationToken token)
    {
        using var _ = await EnterAsync(token);
        if (!IsEmpty)
        {
            throw new InvalidOperationException("Response headers can only be sent once per call.");
        }

        Append(_http.Response.Headers, headers);
        await _http.Response.BodyWriter.FlushAsync(token);
    }

    public async Task WriteAsync(Frame frame, bool flush, CancellationToken token)
    {
        using var _ = await EnterAsync(token);
        var body = _http.Response.BodyWriter;
        frame.Bytes.Span.CopyTo(body.GetSpan(frame.Bytes.Length));
        body.Advance(frame.Bytes.Length);
        if (flush)
        {
            await FlushAsync(token);
        }
    }

    /// <summary>Ends the response, once.</summary>
    public async Task EndAsync(Status status, Metadata trailers)
    {
        await _gate.WaitAsync();
        try
        {
            if (TryBeginEnd())
            {
                WriteStatus(status, trailers);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>
    /// Ends the response while its handler may go on: the caller has its status now, and the stream is closed.
    /// </summary>
    public async Task AbandonAsync(Status status)
    {
        await _gate.WaitAsync();
        try
        {
            if (TryBeginEnd())
            {
                WriteStatus(status, Metadata.Empty);
                await _http.Response.CompleteAsync();
                Reset(NoError);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<Gate> EnterAsync(CancellationToken token)
    {
        await _gate.WaitAsync(token);
        if (!_isEnded)
        {
            return new Gate(_gate);
        }

        _gate.Release();
        throw new InvalidOperationException("Can't write the message because the request is complete.");
    }

    private async Task FlushAsync(CancellationToken token)
    {
        // Before, it leaves nothing behind that would have to be given up.
        token.ThrowIfCancellationRequested();
        try
        {
            var flushed = await _http.Response.BodyWriter.FlushAsync(token);
            if (flushed.IsCompleted)
            {
                IsClosedByPeer = true;
                throw new IOException("The client has closed the call.");
            }
        }
        catch (OperationCanceledException)
        {
            _isStuck = true;
            throw;
        }
    }

    /// <summary>False: the response has ended, or its trailers would never leave.</summary>
    private bool TryBeginEnd()
    {
        if (_isEnded)
        {
            return false;
        }

        _isEnded = true;
        if (_isStuck)
        {
            // The client takes no more bytes, and trailers go behind those it has not taken: only a reset reaches it.
            Reset(Cancel);
        }

        return !_isStuck && !_http.RequestAborted.IsCancellationRequested;
    }

    private void WriteStatus(Status status, Metadata trailers)
    {
        var target = IsEmpty
            ? _http.Response.Headers
            : _http.Features.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers;
        target[HeaderNames.Status] = ((int)status.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (status.Detail.Length > 0)
        {
            target[HeaderNames.Message] = PercentEncoding.Encode(status.Detail);
        }

        Append(target, trailers);
    }

    private void Reset(int errorCode) => _http.Features.Get<IHttpResetFeature>()?.Reset(errorCode);

    private static void Append(IHeaderDictionary target, Metadata metadata)
    {
        foreach (var (name, value) in MetadataHeaders.ToHeaders(metadata))
        {
            target.Append(name, value);
        }
    }

    private readonly record struct Gate(SemaphoreSlim Semaphore) : IDisposable
    {
        public void Dispose() => Semaphore.Release();
    }
}
