using System.Buffers;
using System.IO.Compression;

namespace Grpc.Wire;

/// <summary>The one compression both sides know.</summary>
internal static class Gzip
{
    public const string Name = "gzip";
    public const string AcceptEncoding = "identity,gzip";

    private const int Step = 16 * 1024;

    public static void Compress(ReadOnlySpan<byte> payload, CompressionLevel level, IBufferWriter<byte> target)
    {
        using var gzip = new GZipStream(new BufferWriterStream(target), level);
        gzip.Write(payload);
    }

    /// <summary>
    /// The payload, at most <paramref name="limit"/> bytes: a small message must not be able to fill the memory.
    /// </summary>
    public static ReadOnlySequence<byte> Decompress(ReadOnlySequence<byte> compressed, int? limit)
    {
        var payload = new ArrayBufferWriter<byte>(Step);
        using var gzip = new GZipStream(new SequenceStream(compressed), CompressionMode.Decompress);
        try
        {
            for (int read; (read = gzip.Read(payload.GetSpan(Step))) > 0;)
            {
                payload.Advance(read);
                if (payload.WrittenCount > limit)
                {
                    throw WireErrors.ReceivedTooBig(limit.Value);
                }
            }
        }
        catch (InvalidDataException exception)
        {
            throw WireErrors.BrokenCompression(exception);
        }

        return new ReadOnlySequence<byte>(payload.WrittenMemory);
    }

    private sealed class BufferWriterStream(IBufferWriter<byte> target) : OneWayStream
    {
        public override bool CanWrite => true;

        public override void Write(ReadOnlySpan<byte> buffer) => target.Write(buffer);

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));
    }

    private sealed class SequenceStream(ReadOnlySequence<byte> source) : OneWayStream
    {
        private ReadOnlySequence<byte> _rest = source;

        public override bool CanRead => true;

        public override int Read(Span<byte> buffer)
        {
            var piece = _rest.Slice(0, Math.Min(buffer.Length, _rest.Length));
            piece.CopyTo(buffer);
            _rest = _rest.Slice(piece.End);
            return (int)piece.Length;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
    }

    /// <summary>A stream that is only written or only read, from its beginning to its end.</summary>
    private abstract class OneWayStream : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
