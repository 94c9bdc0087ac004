using System.Buffers.Binary;
using System.Numerics;

namespace Hephaestus.Server.Logs;

/// <summary>
/// One piece of one source: the bytes from <see cref="Start"/> to <see cref="End"/> of its file, and what lines end in
/// them. How many do, the next record's <see cref="FirstLine"/> says. 56 bytes, little-endian.
/// </summary>
/// <param name="Time">When it was seen, µs since the epoch.</param>
/// <param name="FirstLine">Number of the first line that ends in this piece or, when none does, after it.</param>
/// <param name="LineStart">Offset where that line begins; of an error remark and a remark, <see cref="Start"/>.</param>
/// <param name="Previous">The newest earlier record of the same source in which a line ends, from 1; 0: none.</param>
internal readonly record struct IndexRecord(
    long Time, long Start, long End, long FirstLine, long LineStart, long Previous, LogSource Source, RecordFlags Flags)
{
    /// <summary>Bytes of a record.</summary>
    public const int Size = 56;

    private const int Sum = Size - sizeof(uint);

    public bool Completes => (Flags & RecordFlags.CompletesLine) != 0;

    public bool Late => (Flags & RecordFlags.Late) != 0;

    public DateTimeOffset At => DateTimeOffset.UnixEpoch.AddMicroseconds(Time);

    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to, Time);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], Start);
        BinaryPrimitives.WriteInt64LittleEndian(to[16..], End);
        BinaryPrimitives.WriteInt64LittleEndian(to[24..], FirstLine);
        BinaryPrimitives.WriteInt64LittleEndian(to[32..], LineStart);
        BinaryPrimitives.WriteInt64LittleEndian(to[40..], Previous);
        BinaryPrimitives.WriteUInt16LittleEndian(to[48..], Source.Value);
        BinaryPrimitives.WriteUInt16LittleEndian(to[50..], (ushort)Flags);
        BinaryPrimitives.WriteUInt32LittleEndian(to[Sum..], Checksum(to[..Sum]));
    }

    /// <summary>Reads a record; false: these bytes are none (torn, or never written).</summary>
    public static bool TryRead(ReadOnlySpan<byte> from, out IndexRecord record)
    {
        record = new IndexRecord(
            BinaryPrimitives.ReadInt64LittleEndian(from),
            BinaryPrimitives.ReadInt64LittleEndian(from[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(from[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(from[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(from[32..]),
            BinaryPrimitives.ReadInt64LittleEndian(from[40..]),
            new LogSource(BinaryPrimitives.ReadUInt16LittleEndian(from[48..])),
            (RecordFlags)BinaryPrimitives.ReadUInt16LittleEndian(from[50..]));
        return BinaryPrimitives.ReadUInt32LittleEndian(from[Sum..]) == Checksum(from[..Sum]);
    }

    /// <summary>CRC-32C, which processors compute (RFC 3720, appendix B.4); begun with ones, so that zeros have another.</summary>
    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var sum = ~0u;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        return ~BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt32LittleEndian(bytes));
    }
}

/// <summary>What else is known of a piece.</summary>
[Flags]
internal enum RecordFlags : ushort
{
    None = 0,

    /// <summary>Its last line has no newline: the end of its step ended it.</summary>
    CompletesLine = 1,

    /// <summary>Found at a start without a record: the time is that of the start.</summary>
    Found = 2,

    /// <summary>Printed by a process that outlived its step.</summary>
    Late = 4,
}
