using Hephaestus.Server.Plans;

namespace Hephaestus.Tests.Plans;

public sealed class OldReadingTests
{
    [Fact]
    public void The_first_server_dropped_lines_that_begin_with_a_hash_and_joined_all_words_by_single_blanks() =>
        Assert.Equal("a b 'c d' # e f", OldReading.Command("a   b\n# gone\n\t'c  d'\n  # e\n\nf"));

    [Theory]
    [InlineData("")]
    [InlineData("systemctl stop wiki")]
    [InlineData("\n\n  systemctl   stop\twiki\n")]
    [InlineData("# a remark\nsystemctl stop wiki\n# another")]
    [InlineData("tar -c . \\\n  | gzip > x")]
    [InlineData("a &&\nb ||\nc |\nd;\ne")]
    [InlineData("if a; then\nb; else\nc; fi")]
    [InlineData("echo \"a b\" 'c d' | grep \"x\" # done")]
    [InlineData("echo \"a \\\" b\"")]
    [InlineData("echo $# ${#x} $((1<<3))")]
    [InlineData("cat <<< word &&\necho")]
    public void A_body_that_means_the_same_is_not_told(string body) => Assert.Empty(OldReading.Differences(body));

    [Theory]
    [InlineData("a\nb", 2, "this line was joined to the one before")]
    [InlineData("a \\\nb\nc", 3, "this line was joined to the one before")]
    [InlineData("a\n&& b", 2, "this line was joined to the one before")]
    [InlineData("a # why\nb", 2, "this line was part of the comment before")]
    [InlineData("echo 'a\nb'", 2, "a new line inside of quotes")]
    [InlineData("echo \"a  b\"", 1, "a run of blanks or a tab in quotes")]
    [InlineData("echo 'a\tb'", 1, "a run of blanks or a tab in quotes")]
    [InlineData("echo a\\  b", 1, "a run of blanks or a tab in quotes")]
    [InlineData("cat <<E\nx\nE", 1, "a here-document")]
    [InlineData("a \\\n# gone\nb", 2, "a line that begins with # was dropped")]
    [InlineData("echo 'a\n# kept\n'", 2, "a line that begins with # was dropped")]
    public void A_body_that_reads_differently_is_told_with_line_and_reason(string body, int line, string reason)
    {
        var first = OldReading.Differences(body)[0];

        Assert.Equal(line, first.Line);
        Assert.StartsWith(reason, first.Reason, StringComparison.Ordinal);
    }
}
