using System.Buffers;
using System.IO.Pipelines;
using Grpc.Core;

namespace Grpc.Wire;

/// <summary>Cuts a body into messages.</summary>
/// <param name="body">The HTTP body.</param>
/// <param name="encoding">The grpc-encoding of the compressed ones, or null.</param>
/// <param name="limit">The largest message in bytes, before and after decompression; null: none.</param>
internal sealed class MessageReader(PipeReader body, string? encoding, int? limit)
{
    /// <summary>
    /// The next message, or null at the end of the body. Throws RpcException for what is no message or too big.
    /// </summary>
    public async ValueTask<T?> ReadAsync<T>(Marshaller<T> marshaller, CancellationToken token) where T : class
    {
        while (true)
        {
            var read = await body.ReadAsync(token);
            var rest = read.Buffer;
            if (TryTake(ref rest, out var payload))
            {
                // Decoded before AdvanceTo: after it the memory is somebody else's.
                var message = Deserialize(marshaller, payload);
                body.AdvanceTo(rest.Start);
                return message;
            }

            if (read.IsCompleted)
            {
                return rest.IsEmpty ? null : throw WireErrors.Truncated();
            }

            // Everything examined: the next read waits for more, and the peer is given room to send it.
            body.AdvanceTo(rest.Start, rest.End);
        }
    }

    /// <summary>The only message of a body, and the body's end.</summary>
    public async ValueTask<T> ReadSingleAsync<T>(Marshaller<T> marshaller, CancellationToken token) where T : class
    {
        var message = await ReadAsync(marshaller, token) ?? throw WireErrors.NoMessage();
        return await ReadAsync(marshaller, token) is null ? message : throw WireErrors.MoreThanOneMessage();
    }

    private bool TryTake(ref ReadOnlySequence<byte> buffer, out ReadOnlySequence<byte> payload)
    {
        payload = default;
        if (!FrameHeader.TryRead(buffer, out var header))
        {
            return false;
        }

        if (header.PayloadLength > (uint)(limit ?? int.MaxValue))
        {
            throw WireErrors.ReceivedTooBig(limit ?? int.MaxValue);
        }

        if (buffer.Length < FrameHeader.Length + header.PayloadLength)
        {
            return false;
        }

        payload = buffer.Slice(FrameHeader.Length, header.PayloadLength);
        buffer = buffer.Slice(payload.End);
        payload = header.IsCompressed ? Decompress(payload) : payload;
        return true;
    }

    private ReadOnlySequence<byte> Decompress(ReadOnlySequence<byte> payload) =>
        encoding == Gzip.Name ? Gzip.Decompress(payload, limit) : throw WireErrors.MissingEncoding();

    private static T Deserialize<T>(Marshaller<T> marshaller, ReadOnlySequence<byte> payload)
    {
        try
        {
            return marshaller.ContextualDeserializer(new Payload(payload));
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw WireErrors.Undecodable(exception);
        }
    }
}
