using Hephaestus.Protocol.Configuration;

namespace Hephaestus.Tests.Configuration;

public sealed class SizeTextTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("1500", 1500)]
    [InlineData("2K", 2048)]
    [InlineData("3M", 3L << 20)]
    [InlineData("20G", 20L << 30)]
    [InlineData("1T", 1L << 40)]
    public void A_size_is_read_and_shown_in_its_shortest_form(string text, long bytes)
    {
        Assert.True(SizeText.TryParse(text, out var read));
        Assert.Equal((bytes, text), (read, SizeText.Format(bytes)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("G")]
    [InlineData("-1")]
    [InlineData("1.5G")]
    [InlineData("1 G")]
    [InlineData("1GB")]
    [InlineData("1g")]
    [InlineData("9223372036854775808")]
    [InlineData("9007199254740992K")]
    [InlineData("8388608T")]
    public void Anything_else_is_none(string? text) => Assert.False(SizeText.TryParse(text, out _));
}
