using FsCheck;
using FsCheck.Fluent;
using Hephaestus.Protocol.Configuration;

namespace Hephaestus.Tests.Configuration;

public sealed class ConfigurationTextTests
{
    [Theory]
    [InlineData("key = value", "value")]
    [InlineData("key=value", "value")]
    [InlineData("  key\t = \t value  ", "value")]
    [InlineData("key = value // why", "value")]
    [InlineData("key = value\t// why", "value")]
    [InlineData("key = value\r", "value")]
    [InlineData("key = http://host:1 // why", "http://host:1")]
    [InlineData("key = http://host:1", "http://host:1")]
    [InlineData("key = a//b", "a//b")]
    [InlineData("key = a b  c", "a b  c")]
    [InlineData("key = a = b", "a = b")]
    [InlineData("key = a # b", "a # b")]
    [InlineData("key =", "")]
    [InlineData("key = // nothing", "")]
    public void A_value_is_what_stands_behind_the_equals_sign_without_blanks_and_comment(string line, string value)
    {
        var entry = Assert.IsType<ConfigurationLine.Entry>(Assert.Single(ConfigurationText.Parse(line, "f")));

        Assert.Equal(new ConfigurationEntry("key", value, "f", 1), entry.Value);
    }

    [Theory]
    [InlineData("# key = value")]
    [InlineData("* key = value")]
    [InlineData("  # key = value")]
    [InlineData("// key = value")]
    [InlineData("  // key = value")]
    [InlineData("")]
    [InlineData(" \t\r")]
    public void A_comment_or_an_empty_line_says_nothing(string line) =>
        Assert.Empty(ConfigurationText.Parse(line, "f"));

    [Theory]
    [InlineData("key", "f:1: there is no '='; allowed is KEY = VALUE, a comment, or %include /absolute/path")]
    [InlineData("= value", "f:1: there is no key before the '='; allowed is KEY = VALUE")]
    public void A_line_that_is_none_of_these_is_an_error_with_its_place(string line, string expected)
    {
        var faulty = Assert.IsType<ConfigurationLine.Faulty>(Assert.Single(ConfigurationText.Parse(line, "f")));

        Assert.Equal(expected, faulty.Problem.ToString());
    }

    [Fact]
    public void Lines_are_counted_from_one_over_comments_and_empty_lines()
    {
        var lines = ConfigurationText.Parse("# a\n\nx = 1\r\ny = 2", "f").Cast<ConfigurationLine.Entry>();

        Assert.Equal([("x", 3), ("y", 4)], lines.Select(line => (line.Value.Key, line.Value.Line)));
    }

    [Fact]
    public void No_text_makes_the_parser_throw()
    {
        var words = Gen.Elements("key", "=", " ", "\t", "//", "/", "*", "#", "%include", "%include ", "\n", "\r\n", "\0", "\uFEFF", "\ud800", "é");
        var texts = Gen.ListOf(words).Select(parts => string.Concat(parts)).ToArbitrary();

        Prop.ForAll(texts, text => ConfigurationText.Parse(text, "f").Count() <= text.Count(character => character == '\n') + 1)
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void What_is_written_as_key_and_value_is_read_as_they_were()
    {
        var letters = Gen.Elements("abc.xyz_019-äß".ToCharArray()).NonEmptyListOf().Select(list => string.Concat(list));
        var pairs = (from key in letters from value in letters from blanks in Gen.Elements("", " ", "\t ") select (key, value, blanks)).ToArbitrary();

        Prop.ForAll(pairs, pair =>
                ConfigurationText.Parse($"{pair.blanks}{pair.key}{pair.blanks}={pair.blanks}{pair.value}{pair.blanks} // x", "f").Single()
                is ConfigurationLine.Entry entry && entry.Value.Key == pair.key && entry.Value.Value == pair.value)
            .QuickCheckThrowOnFailure();
    }
}
