using System.Text;

namespace Hephaestus.Tests.Fuzz.Wire;

/// <summary>Header fields as bytes (RFC 7541): literals out, and in what a server sends that keeps no table.</summary>
internal static class Hpack
{
    private const int StaticEntries = 61;

    /// <summary>Entries of the static table that answers are made of; of the others only the name would matter, which nobody asks for.</summary>
    private static readonly Dictionary<int, (string Name, string Value)> s_static = new()
    {
        [8] = (":status", "200"), [9] = (":status", "204"), [10] = (":status", "206"), [11] = (":status", "304"),
        [12] = (":status", "400"), [13] = (":status", "404"), [14] = (":status", "500"),
    };

    public static byte[] Encode(IEnumerable<(string Name, string Value)> fields) =>
        [.. fields.SelectMany(field => (byte[])[0, .. Text(field.Name), .. Text(field.Value)])];

    /// <summary>A number behind a prefix of so many bits.</summary>
    public static byte[] Number(int bits, byte first, long number)
    {
        var most = (1 << bits) - 1;
        if (number < most)
        {
            return [(byte)(first | (int)number)];
        }

        List<byte> bytes = [(byte)(first | most)];
        for (number -= most; number >= 128; number >>= 7)
        {
            bytes.Add((byte)((number & 127) | 128));
        }

        return [.. bytes, (byte)number];
    }

    /// <exception cref="InvalidDataException">It is no header block, or one with Huffman's code or a table.</exception>
    public static List<(string Name, string Value)> Decode(ReadOnlySpan<byte> block)
    {
        var fields = new List<(string, string)>();
        for (var at = 0; at < block.Length;)
        {
            switch (block[at])
            {
                case >= 0x80:
                    fields.Add(Static(ReadNumber(block, ref at, 7)));
                    break;
                case >= 0x20 and < 0x40:
                    ReadNumber(block, ref at, 5);
                    break;
                default:
                    var index = ReadNumber(block, ref at, block[at] >= 0x40 ? 6 : 4);
                    var name = index == 0 ? ReadText(block, ref at) : Static(index).Name;
                    fields.Add((name, ReadText(block, ref at)));
                    break;
            }
        }

        return fields;
    }

    private static (string Name, string Value) Static(int index) =>
        index is < 1 or > StaticEntries ? throw new InvalidDataException($"header {index} of no table") : s_static.GetValueOrDefault(index, ($"{index}", ""));

    private static byte[] Text(string text) => [.. Number(7, 0, Encoding.Latin1.GetByteCount(text)), .. Encoding.Latin1.GetBytes(text)];

    private static int ReadNumber(ReadOnlySpan<byte> block, ref int at, int bits)
    {
        var most = (1 << bits) - 1;
        var number = block[at++] & most;
        for (var shift = 0; number >= most && at < block.Length; shift += 7)
        {
            number += (block[at] & 127) << shift;
            if (block[at++] < 128)
            {
                break;
            }
        }

        return number;
    }

    private static string ReadText(ReadOnlySpan<byte> block, ref int at)
    {
        if (block[at] >= 0x80)
        {
            throw new InvalidDataException("a text in Huffman's code");
        }

        var length = ReadNumber(block, ref at, 7);
        at += length;
        return at <= block.Length ? Encoding.Latin1.GetString(block[(at - length)..at]) : throw new InvalidDataException("a text that is cut off");
    }
}
