using System.Buffers;
using System.Buffers.Binary;

namespace Grpc.Wire;

/// <summary>
/// The five bytes before each message: 1 when it is compressed, else 0, then the payload's length (big-endian).
/// </summary>
internal readonly record struct FrameHeader(bool IsCompressed, uint PayloadLength)
{
    public const int Length = 5;

    public void Write(Span<byte> target)
    {
        target[0] = IsCompressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32BigEndian(target[1..], PayloadLength);
    }

    /// <summary>False: there are fewer than five bytes.</summary>
    public static bool TryRead(ReadOnlySequence<byte> source, out FrameHeader header)
    {
        Span<byte> bytes = stackalloc byte[Length];
        header = default;
        if (source.Length < Length)
        {
            return false;
        }

        source.Slice(0, Length).CopyTo(bytes);
        header = new FrameHeader(IsSet(bytes[0]), BinaryPrimitives.ReadUInt32BigEndian(bytes[1..]));
        return true;
    }

    private static bool IsSet(byte flag) => flag switch
    {
        0 => false,
        1 => true,
        _ => throw WireErrors.UnexpectedFlag(flag),
    };
}
