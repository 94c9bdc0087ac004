using FsCheck;
using FsCheck.Fluent;
using Hephaestus.Cli.Output;

namespace Hephaestus.Tests.Cli;

public sealed class LiveLinesTests
{
    private int _columns = 40;

    [Fact]
    public void Lines_are_drawn_so_that_they_do_not_wrap()
    {
        var lines = new LiveLines(() => _columns, colours: false);

        Assert.Equal("short\r\n" + new string('x', 39), lines.Draw(["short", new string('x', 100)]));
        Assert.Equal("\e[1A\r\e[J", lines.Erase());
        Assert.Equal("", lines.Erase());
    }

    [Fact]
    public void What_a_narrower_terminal_has_wrapped_is_erased_too()
    {
        var lines = new LiveLines(() => _columns, colours: false);
        lines.Draw([new string('x', 39)]);
        _columns = 20;

        Assert.Equal("\e[1A\r\e[J", lines.Erase());
    }

    [Fact]
    public void A_terminal_that_is_too_narrow_shows_none()
    {
        _columns = 10;
        var lines = new LiveLines(() => _columns, colours: false);

        Assert.Equal("", lines.Draw(["step 1"]));
        Assert.Equal("", lines.Erase());
    }

    [Fact]
    public void What_another_program_wrote_over_is_left_alone()
    {
        var lines = new LiveLines(() => _columns, colours: true);
        Assert.Equal("\e[2mstep 1\e[0m", lines.Draw(["step 1"]));
        lines.Forget();

        Assert.Equal("", lines.Erase());
    }

    [Fact]
    public void A_text_that_is_fitted_fits_and_is_the_beginning() =>
        Prop.ForAll(ArbMap.Default.ArbFor<NonNull<string>>(), ArbMap.Default.ArbFor<byte>(), (text, columns) =>
            {
                var whole = PlainText.Of(text.Get);
                var fitting = PlainText.Fit(whole, columns);
                return PlainText.Columns(fitting) <= columns && whole.StartsWith(fitting, StringComparison.Ordinal);
            })
            .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(0, "0.0s")]
    [InlineData(9.99, "9.9s")]
    [InlineData(10, "10s")]
    [InlineData(59.9, "59s")]
    [InlineData(125, "2m05s")]
    [InlineData(3720, "1h02m")]
    [InlineData(273600, "3d04h")]
    [InlineData(-1, "0.0s")]
    public void Durations_have_two_units_at_most(double seconds, string text) => Assert.Equal(text, Durations.Text(TimeSpan.FromSeconds(seconds)));
}
