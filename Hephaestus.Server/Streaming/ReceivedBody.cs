using System.Buffers;
using System.IO.Pipelines;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Hephaestus.Server.Streaming;

/// <summary>
/// A call's requests as they come. What of a message has come and waits for the rest is counted; the client that goes away,
/// or is too slow, is a status and no fault of the server.
/// </summary>
/// <param name="time">For all of it; null: it may come at any time.</param>
internal sealed class ReceivedBody(PipeReader body, UnfinishedMessages unfinished, TimeSpan? time)
    : PipeReader, IRequestBodyPipeFeature, IDisposable
{
    private readonly long _begun = Environment.TickCount64;
    private ReadOnlySequence<byte> _read;
    private long _counted;

    public PipeReader Reader => this;

    /// <exception cref="RpcException">
    /// CANCELLED: the client has gone; DEADLINE_EXCEEDED: it is too slow; RESOURCE_EXHAUSTED: too much waits; INTERNAL: what
    /// comes is not what the headers say.
    /// </exception>
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            return Counted(await ReadInTimeAsync(cancellationToken));
        }
        catch (BadHttpRequestException)
        {
            throw Refusals.BrokenBody();
        }
        catch (IOException)
        {
            throw new RpcException(Status.DefaultCancelled);
        }
    }

    public override bool TryRead(out ReadResult result)
    {
        var there = body.TryRead(out result);
        _ = there ? Counted(result) : default;
        return there;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        Count(_read.Slice(consumed).Length);
        _read = default;
        try
        {
            body.AdvanceTo(consumed, examined);
        }
        catch (IOException)
        {
            // It tells the client that there is room again, who may have gone.
            throw new RpcException(Status.DefaultCancelled);
        }
    }

    public override void CancelPendingRead() => body.CancelPendingRead();

    public override void Complete(Exception? exception = null) => body.Complete(exception);

    public void Dispose() => Count(0);

    private async ValueTask<ReadResult> ReadInTimeAsync(CancellationToken cancellation)
    {
        if (time is not { } all)
        {
            return await body.ReadAsync(cancellation);
        }

        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var left = all - TimeSpan.FromMilliseconds(Environment.TickCount64 - _begun);
        late.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        try
        {
            return await body.ReadAsync(late.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw Refusals.LateRequest(all);
        }
    }

    private ReadResult Counted(ReadResult result)
    {
        _read = result.Buffer;
        if (Count(_read.Length))
        {
            return result;
        }

        AdvanceTo(_read.End);
        throw Refusals.ManyUnfinished();
    }

    /// <summary>False: they are too many.</summary>
    private bool Count(long bytes)
    {
        var counted = Math.Max(0, bytes - Limits.FreeUnfinished);
        if (!unfinished.TryAdd(counted - _counted))
        {
            return false;
        }

        _counted = counted;
        return true;
    }
}
