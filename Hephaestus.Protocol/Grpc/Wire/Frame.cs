using System.Buffers;
using System.IO.Compression;
using Grpc.Core;

namespace Grpc.Wire;

/// <summary>
/// One message to be sent, header and payload in one piece of pooled memory. Disposing gives the memory back, so it is
/// only right when nobody can still be sending it; a frame that is dropped is collected like any array.
/// </summary>
internal sealed class Frame : SerializationContext, IBufferWriter<byte>, IDisposable
{
    private const int SmallestGrowth = 256;

    private readonly int? _limit;
    private byte[] _buffer = [];
    private int _length = FrameHeader.Length;
    private bool _isComplete;

    private Frame(int? limit) => _limit = limit;

    /// <summary>The bytes for the wire.</summary>
    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    private ReadOnlySpan<byte> WrittenPayload => _buffer.AsSpan(FrameHeader.Length, _length - FrameHeader.Length);

    /// <summary>
    /// Serializes a message. Throws RpcException (RESOURCE_EXHAUSTED) when it has more than
    /// <paramref name="limit"/> bytes before compression.
    /// </summary>
    public static Frame Of<T>(Marshaller<T> marshaller, T message, int? limit, CompressionLevel? compression = null)
    {
        var frame = new Frame(limit);
        marshaller.ContextualSerializer(message, frame);
        if (!frame._isComplete)
        {
            throw new InvalidOperationException("The serializer ended without Complete().");
        }

        return compression is { } level ? frame.Compressed(level) : frame.Finished(isCompressed: false);
    }

    public override void SetPayloadLength(int payloadLength) => Reserve(payloadLength);

    public override IBufferWriter<byte> GetBufferWriter() => this;

    public override void Complete() => _isComplete = true;

    public override void Complete(byte[] payload)
    {
        Reserve(payload.Length);
        this.Write(payload);
        Complete();
    }

    public void Advance(int count)
    {
        CheckLimit(_length - FrameHeader.Length + count);
        _length += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_buffer.Length - _length < Math.Max(sizeHint, 1))
        {
            Grow(Math.Max(sizeHint, SmallestGrowth));
        }

        return _buffer.AsMemory(_length);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
            _length = 0;
        }
    }

    private Frame Finished(bool isCompressed)
    {
        EnsureHeader();
        new FrameHeader(isCompressed, (uint)WrittenPayload.Length).Write(_buffer);
        return this;
    }

    private Frame Compressed(CompressionLevel level)
    {
        EnsureHeader();
        using (this)
        {
            var compressed = new Frame(limit: null);
            Gzip.Compress(WrittenPayload, level, compressed);
            return compressed.Finished(isCompressed: true);
        }
    }

    /// <summary>A message of no bytes asks for no memory, and has a header all the same.</summary>
    private void EnsureHeader()
    {
        if (_buffer.Length == 0)
        {
            Grow(0);
        }
    }

    private void Reserve(int payloadLength)
    {
        CheckLimit(payloadLength);
        Grow(payloadLength);
    }

    private void CheckLimit(int payloadLength)
    {
        if (payloadLength > _limit)
        {
            throw WireErrors.SentTooBig(_limit.Value);
        }
    }

    private void Grow(int atLeast)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(checked(_length + atLeast), checked(2 * _buffer.Length)));
        _buffer.CopyTo(larger, 0);
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        _buffer = larger;
    }
}
