using System.Buffers.Binary;

namespace Hephaestus.Tests.Fuzz.Wire;

/// <summary>HTTP/2 frames as bytes (RFC 9113, section 4).</summary>
internal readonly record struct Http2Frame(byte Type, byte Flags, uint Stream, byte[] Payload)
{
    public const byte Data = 0;
    public const byte Headers = 1;
    public const byte Priority = 2;
    public const byte Reset = 3;
    public const byte Settings = 4;
    public const byte Ping = 6;
    public const byte GoAway = 7;
    public const byte WindowUpdate = 8;
    public const byte Continuation = 9;

    public const byte EndStream = 1;
    public const byte Acknowledgement = 1;
    public const byte EndHeaders = 4;
    public const byte Padded = 8;

    public const int HeaderSize = 9;

    /// <summary>What a client begins with.</summary>
    public static byte[] Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    /// <summary>Settings by which the server compresses headers without a memory.</summary>
    public static Http2Frame PlainSettings => new(Settings, 0, 0, [0, 1, 0, 0, 0, 0]);

    public byte[] ToBytes() => ToBytes(Payload.Length);

    /// <param name="length">What the frame says of its length, true or not.</param>
    public byte[] ToBytes(int length)
    {
        var bytes = new byte[HeaderSize + Payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(bytes, length << 8);
        bytes[3] = Type;
        bytes[4] = Flags;
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(5), Stream);
        Payload.CopyTo(bytes, HeaderSize);
        return bytes;
    }

    /// <summary>The first whole frame of what came, and how long it is; null: there is none yet.</summary>
    public static (Http2Frame Frame, int Length)? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderSize)
        {
            return null;
        }

        var length = HeaderSize + (BinaryPrimitives.ReadInt32BigEndian(bytes) >>> 8);
        return bytes.Length < length
            ? null
            : (new Http2Frame(bytes[3], bytes[4], BinaryPrimitives.ReadUInt32BigEndian(bytes[5..]), bytes[HeaderSize..length].ToArray()), length);
    }
}
