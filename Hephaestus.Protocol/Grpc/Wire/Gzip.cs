using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;

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
        using var gzip = new GZipStream(PipeReader.Create(compressed).AsStream(), CompressionMode.Decompress);
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

    private sealed class BufferWriterStream(IBufferWriter<byte> target) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Write(ReadOnlySpan<byte> buffer) => target.Write(buffer);

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
