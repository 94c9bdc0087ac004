using Google.Protobuf;
using Hephaestus.Tests.Chaos;

namespace Hephaestus.Tests.Fuzz.Areas;

/// <summary>A protobuf message by its fields, without knowing it.</summary>
internal static class Fields
{
    /// <summary>The same message with one field's value another, doubled, nested or gone.</summary>
    public static byte[] Change(Dice dice, byte[] message)
    {
        var fields = Split(message);
        var at = dice.Between(0, fields.Count);
        if (at == fields.Count)
        {
            return [.. message, .. Field(dice, dice.Between(1, 30))];
        }

        var (tag, whole) = fields[at];
        IEnumerable<byte[]> changed = dice.Between(0, 3) switch
        {
            0 => [],
            1 => Enumerable.Repeat(whole, dice.Pick<int>(2, 100, 3000)),
            2 => [Field(dice, (int)(tag >> 3))],
            _ => [Value(tag >> 3, 2, [.. Varint((ulong)whole.Length), .. whole])],
        };
        return [.. fields[..at].SelectMany(field => field.Bytes), .. changed.SelectMany(bytes => bytes), .. fields[(at + 1)..].SelectMany(field => field.Bytes)];
    }

    private static byte[] Field(Dice dice, int number)
    {
        var text = Mutation.Text(dice);
        return dice.Percent(70)
            ? Value((uint)number, 2, [.. Varint((ulong)text.Length), .. text])
            : Value((uint)number, 0, Varint(dice.Pick<ulong>(0UL, 1UL, 127UL, 0x7fffffffUL, 0x80000000UL, 0xffffffffUL, long.MaxValue, ulong.MaxValue)));
    }

    private static byte[] Value(uint number, uint type, byte[] value) => [.. Varint((number << 3) | type), .. value];

    private static byte[] Varint(ulong value)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
        {
            output.WriteUInt64(value);
        }

        return bytes.ToArray();
    }

    private static List<(uint Tag, byte[] Bytes)> Split(byte[] message)
    {
        var fields = new List<(uint, byte[])>();
        var input = new CodedInputStream(message);
        for (var start = 0L; input.ReadTag() is var tag and > 0; start = input.Position)
        {
            input.SkipLastField();
            fields.Add((tag, message[(int)start..(int)input.Position]));
        }

        return fields;
    }
}
