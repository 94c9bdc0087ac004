using System.Buffers;
using System.Buffers.Binary;
using Google.Protobuf;

namespace Hephaestus.Server.Supervision;

/// <summary>Messages on the supervisor's socket: each one's length, 4 bytes, little-endian, then the message.</summary>
internal static class Frames
{
    /// <summary>Bytes of one message at most: a command and its environment have to fit, which the kernel limits to 2 MiB.</summary>
    public const int Largest = 8 * 1024 * 1024;

    private const int HeaderSize = sizeof(int);

    /// <summary>A message as it is sent.</summary>
    public static byte[] Encode(IMessage message)
    {
        var size = message.CalculateSize();
        var frame = new byte[HeaderSize + size];
        BinaryPrimitives.WriteInt32LittleEndian(frame, size);
        message.WriteTo(frame.AsSpan(HeaderSize));
        return frame;
    }

    /// <summary>Waits for a message; null: the other side has closed.</summary>
    /// <exception cref="IOException">The connection broke, or what came is no message.</exception>
    public static T? Read<T>(Stream stream, MessageParser<T> parser)
        where T : class, IMessage<T>
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        if (stream.ReadAtLeast(header, HeaderSize, throwOnEndOfStream: false) < HeaderSize)
        {
            return null;
        }

        var body = new byte[Checked(BinaryPrimitives.ReadInt32LittleEndian(header))];
        stream.ReadExactly(body);
        return parser.ParseFrom(body);
    }

    /// <summary>Takes the first message off a buffer; false: it is not complete.</summary>
    /// <exception cref="IOException">What came is no message.</exception>
    public static bool TryRead<T>(ref ReadOnlySequence<byte> buffer, MessageParser<T> parser, out T? message)
        where T : class, IMessage<T>
    {
        message = null;
        var reader = new SequenceReader<byte>(buffer);
        if (!reader.TryReadLittleEndian(out int size) || reader.Remaining < Checked(size))
        {
            return false;
        }

        message = parser.ParseFrom(buffer.Slice(HeaderSize, size));
        buffer = buffer.Slice(HeaderSize + size);
        return true;
    }

    private static int Checked(int size) =>
        size is >= 0 and <= Largest ? size : throw new IOException($"a message of {size} bytes on the supervisor's socket");
}
