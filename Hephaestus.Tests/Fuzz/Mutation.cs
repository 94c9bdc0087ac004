using Hephaestus.Tests.Chaos;

namespace Hephaestus.Tests.Fuzz;

/// <summary>Makes something that is almost right of something that is right.</summary>
internal static class Mutation
{
    private const int LongestRun = 3000;

    /// <summary>The bytes with one to a few changes; now and then none.</summary>
    public static byte[] Of(Dice dice, byte[] bytes)
    {
        for (var changes = dice.Weighed((1, 0), (6, 1), (4, 2), (3, 4), (1, 16)); changes > 0; changes--)
        {
            bytes = Change(dice, bytes);
        }

        return bytes;
    }

    /// <summary>Any bytes.</summary>
    public static byte[] Noise(Dice dice, int most)
    {
        var bytes = new byte[dice.Between(0, most)];
        for (var at = 0; at < bytes.Length; at++)
        {
            bytes[at] = (byte)dice.Between(0, 255);
        }

        return bytes;
    }

    /// <summary>Texts that are none, or mean something to somebody.</summary>
    public static byte[] Text(Dice dice) => dice.Pick<byte[]>(
        [0xff, 0xfe, 0x80],
        [0xed, 0xa0, 0x80],
        [0xc0, 0x80],
        [0xf4, 0x90, 0x80, 0x80],
        "\e[31m\e]0;title\a\e[2J"u8.ToArray(),
        "\u009b31m\u0085\u2028\u202e"u8.ToArray(),
        "a\nfail: Fake[0] line\r\n"u8.ToArray(),
        "\0"u8.ToArray(),
        "../../../etc/passwd"u8.ToArray(),
        "%s%n{0}%00"u8.ToArray(),
        "'; drop table executions; --"u8.ToArray(),
        "😀 ü 中"u8.ToArray(),
        [],
        [.. Enumerable.Repeat((byte)'x', dice.Between(200, LongestRun))],
        Noise(dice, 40));

    private static byte[] Change(Dice dice, byte[] bytes)
    {
        var at = dice.Between(0, bytes.Length);
        var length = Math.Min(dice.Weighed((6, 1), (3, dice.Between(1, 8)), (1, dice.Between(1, 200))), bytes.Length - at);
        var before = bytes.AsSpan(0, at);
        var piece = bytes.AsSpan(at, length);
        var after = bytes.AsSpan(at + length);
        return dice.Between(0, 7) switch
        {
            0 => [.. before, .. after],
            1 => [.. before, .. piece, .. piece, .. after],
            2 => [.. before],
            3 => [.. before, .. Text(dice), .. after],
            4 => [.. before, .. Text(dice), .. piece, .. after],
            5 => [.. before, .. Enumerable.Repeat((byte)dice.Pick(0, 0xff, 0x7f, 0x80), length), .. after],
            6 => [.. before, .. Noise(dice, 8), .. after],
            _ => Flipped(dice, bytes),
        };
    }

    private static byte[] Flipped(Dice dice, byte[] bytes)
    {
        bytes = [.. bytes];
        if (bytes.Length > 0)
        {
            bytes[dice.Between(0, bytes.Length - 1)] ^= (byte)(1 << dice.Between(0, 7));
        }

        return bytes;
    }
}
