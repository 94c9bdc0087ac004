using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Hephaestus.Cli.Output;

namespace Hephaestus.Tests.Cli;

public sealed partial class TerminalTextTests
{
    private static readonly byte[][] s_fragments =
    [
        "\e"u8.ToArray(), "["u8.ToArray(), "\e["u8.ToArray(), "31"u8.ToArray(), "m"u8.ToArray(), ";"u8.ToArray(), "\e[1;31m"u8.ToArray(),
        "\e[2J"u8.ToArray(), "\e]0;t\a"u8.ToArray(), "\r"u8.ToArray(), "\t"u8.ToArray(), "text"u8.ToArray(), "é"u8.ToArray(), "日"u8.ToArray(),
        [0xe6], [0x97], [0xff], [0x9b], [0xc2, 0x9b], [0], [0x7f], new byte[70], [0xf0, 0x9f], "\e[?25l"u8.ToArray(), "\e[>4;2m"u8.ToArray(),
    ];

    private static readonly Arbitrary<byte[]> s_lines = Gen.OneOf(
            Gen.Elements(s_fragments),
            Gen.Choose(0, 255).Select(code => new[] { (byte)code }))
        .ListOf()
        .Select(parts => parts.SelectMany(part => part).Where(code => code != (byte)'\n').ToArray())
        .ToArbitrary();

    [Theory]
    [InlineData("plain text", "plain text")]
    [InlineData("tab\tstays, and é 日本 🎉 too", "tab\tstays, and é 日本 🎉 too")]
    [InlineData("\e[31mred\e[0m", "\e[31mred\e[0m\e[0m")]
    [InlineData("\e[1;38:5:9mred", "\e[1;38:5:9mred\e[0m")]
    [InlineData("a\e[2Jb\e[Hc\e[?25ld\e[10;20He\e[>4;2mf", "abcdef")]
    [InlineData("\e]0;title\a", "^[]0;title^G")]
    [InlineData("\ec\e(0", "^[c^[(0")]
    [InlineData("\0\a\b\x7f", "^@^G^H^?")]
    [InlineData("\u009b2J", "\ufffd2J")]
    [InlineData("cut short \e[31", "cut short ^[[31")]
    [InlineData("\e\e[31mx", "^[\e[31mx\e[0m")]
    [InlineData("crlf\r", "crlf")]
    [InlineData("10 %\r20 %\r\r", "10 %\r\e[K> 20 %")]
    [InlineData("\e[31m1\r2", "\e[31m1\e[0m\r\e[K> 2\e[0m")]
    public void What_a_terminal_is_sent(string line, string shown) =>
        Assert.Equal(shown, Encoding.UTF8.GetString(Shown(Encoding.UTF8.GetBytes(line), [])));

    [Fact]
    public void Without_colours_they_are_dropped_as_other_sequences_are() =>
        Assert.Equal("red", Encoding.UTF8.GetString(Shown("\e[31mr\e[2Jed\e[0m"u8.ToArray(), [], colours: false)));

    [Fact]
    public void A_sequence_without_an_end_is_shown() =>
        Assert.Equal("^[[" + new string('1', 100) + "m", Encoding.UTF8.GetString(Shown(Encoding.UTF8.GetBytes("\e[" + new string('1', 100) + "m"), [])));

    [Fact]
    public void A_byte_that_is_no_character_takes_nothing_with_it() =>
        Assert.Equal("a\ufffdb\ufffd\ufffdc日\ufffd", Encoding.UTF8.GetString(Shown([(byte)'a', 0xe6, 0x97, (byte)'b', 0xff, 0xe6, (byte)'c', .. "日"u8, 0xe6], [])));

    [Fact]
    public void Whatever_the_bytes_nothing_but_text_and_colours_reaches_the_terminal() =>
        Prop.ForAll(s_lines, line =>
            {
                var left = Harmless().Replace(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(Shown(line, [])), "");
                return !left.EnumerateRunes().Any(rune => Rune.IsControl(rune) && rune.Value != '\t');
            })
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Wherever_the_bytes_are_cut_the_same_is_shown() =>
        Prop.ForAll(s_lines, ArbMap.Default.ArbFor<ushort[]>(), (line, cuts) => Shown(line, cuts).SequenceEqual(Shown(line, [])))
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Nothing_of_a_line_reaches_the_next() =>
        Prop.ForAll(s_lines, line =>
            {
                var filter = new TerminalText(colours: true);
                Shown(filter, line, []);
                return Shown(filter, "next"u8.ToArray(), []).SequenceEqual("next"u8.ToArray());
            })
            .QuickCheckThrowOnFailure();

    private static byte[] Shown(byte[] line, ushort[] cuts, bool colours = true) => Shown(new TerminalText(colours), line, cuts);

    private static byte[] Shown(TerminalText filter, byte[] line, ushort[] cuts)
    {
        var buffer = new ArrayBufferWriter<byte>();
        filter.Begin("> "u8);
        var from = 0;
        foreach (var to in cuts.Select(cut => cut % (line.Length + 1)).Order().Append(line.Length))
        {
            filter.Write(line.AsSpan(from..to), buffer);
            from = to;
        }

        filter.End(buffer);
        return buffer.WrittenSpan.ToArray();
    }

    [GeneratedRegex(@"\x1b\[[0-9;:]*m|\r\x1b\[K> ")]
    private static partial Regex Harmless();
}
