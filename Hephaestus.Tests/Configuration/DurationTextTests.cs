using FsCheck;
using FsCheck.Fluent;
using Hephaestus.Protocol.Configuration;

namespace Hephaestus.Tests.Configuration;

public sealed class DurationTextTests
{
    [Theory]
    [InlineData("0s", 0)]
    [InlineData("90s", 90)]
    [InlineData("2m", 120)]
    [InlineData("1h", 3600)]
    public void A_number_with_a_unit_is_a_duration(string text, int seconds)
    {
        Assert.True(DurationText.TryParse(text, out var duration));
        Assert.Equal(TimeSpan.FromSeconds(seconds), duration);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("10")]
    [InlineData("1.5s")]
    [InlineData("-1s")]
    [InlineData(" 1s")]
    [InlineData("1S")]
    [InlineData("1d")]
    [InlineData("99999999999h")]
    [InlineData("2147483647h")]
    public void Anything_else_is_none(string? text) => Assert.False(DurationText.TryParse(text, out _));

    [Fact]
    public void What_is_formatted_is_read_as_it_was() =>
        Prop.ForAll<int>(seconds => DurationText.TryParse(DurationText.Format(TimeSpan.FromSeconds(Math.Abs((long)seconds))), out var read) && read.TotalSeconds == Math.Abs((long)seconds))
            .QuickCheckThrowOnFailure();
}
