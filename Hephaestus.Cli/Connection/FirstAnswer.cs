namespace Hephaestus.Cli.Connection;

/// <summary>
/// A connection whose other end has to say something soon: a server that speaks HTTP/2 greets, another program may wait for
/// its client for ever, and SocketsHttpHandler would wait with it.
/// </summary>
internal sealed class FirstAnswer(Stream connection) : Stream
{
    /// <summary>How long the first bytes may take.</summary>
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    private volatile bool _answered;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _answered
        ? connection.ReadAsync(buffer, cancellationToken)
        : ReadFirstAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => _answered
        ? connection.WriteAsync(buffer, cancellationToken)
        : WriteEarlyAsync(buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => connection.FlushAsync(cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => connection.Read(buffer, offset, count);

    public override void Write(byte[] buffer, int offset, int count) => connection.Write(buffer, offset, count);

    public override void Flush() => connection.Flush();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            connection.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<int> ReadFirstAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(s_limit);
        try
        {
            var read = await connection.ReadAsync(buffer, limited.Token);
            // Into an empty buffer nothing is read: it only waits for what comes.
            _answered = read > 0;
            return read;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new NoAnswerException(
                $"nothing came back within {s_limit.TotalSeconds:0} s; what answers there may not speak HTTP/2");
        }
    }

    private async ValueTask WriteEarlyAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellation)
    {
        try
        {
            await connection.WriteAsync(buffer, cancellation);
        }
        catch (Exception broken) when (!_answered && broken is (IOException or ObjectDisposedException))
        {
            throw new EarlyEndException(broken);
        }
    }
}

/// <summary>The connection ended before anything came back.</summary>
internal sealed class EarlyEndException(Exception cause) : IOException(cause.Message, cause);

/// <summary>The other end took the connection, and said nothing.</summary>
internal sealed class NoAnswerException(string message) : IOException(message);
