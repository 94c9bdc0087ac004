using Hephaestus.Protocol.Configuration;

namespace Hephaestus.Tests.Configuration;

public sealed class ConfigurationFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_later_value_wins_and_an_included_file_stands_at_its_place()
    {
        var inner = _folder.File("inner.conf", "a = inner\nb = inner\n");
        var main = _folder.File("main.conf", $"a = early\n%include {inner}\nb = late\n");

        var read = ConfigurationFile.Read(main);

        Assert.Empty(read.Problems);
        Assert.Equal(new ConfigurationEntry("a", "inner", inner, 1), read.Find("a"));
        Assert.Equal(new ConfigurationEntry("b", "late", main, 3), read.Find("b"));
        Assert.Null(read.Find("c"));
    }

    [Fact]
    public void A_byte_order_mark_is_no_part_of_the_first_key()
    {
        var main = _folder.File("main.conf", "\uFEFFa = 1\n");

        Assert.Equal("1", ConfigurationFile.Read(main).Find("a")?.Value);
    }

    [Fact]
    public void Everything_that_is_wrong_is_told_at_once_and_the_rest_is_read()
    {
        var missing = _folder.At("missing.conf");
        var main = _folder.File("main.conf", $"nonsense\n%include relative.conf\n%include {missing}\n%include\na = 1\n");

        var read = ConfigurationFile.Read(main);

        Assert.Equal(
            [
                $"{main}:1: there is no '='; allowed is KEY = VALUE, a comment, or %include /absolute/path",
                $"{main}:2: %include: \"relative.conf\" is no absolute path; allowed is %include /absolute/path",
                $"{main}:3: %include: cannot be read: Could not find file '{missing}'.",
                $"{main}:4: %include: \"\" is no absolute path; allowed is %include /absolute/path",
            ],
            read.Problems.Select(problem => problem.ToString()));
        Assert.Equal("1", read.Find("a")?.Value);
    }

    [Fact]
    public void A_loop_of_includes_is_an_error_that_shows_the_loop()
    {
        var (main, inner) = (_folder.At("main.conf"), _folder.At("inner.conf"));
        _folder.File("main.conf", $"%include {inner}\n");
        _folder.File("inner.conf", $"a = 1\n%include {main}\n");

        var problem = Assert.Single(ConfigurationFile.Read(main).Problems);

        Assert.Equal($"{inner}:2: %include: {main} includes itself: {main} -> {inner} -> {main}", problem.ToString());
    }

    [Fact]
    public void The_same_file_may_be_included_twice()
    {
        var inner = _folder.File("inner.conf", "a = 1\n");
        var main = _folder.File("main.conf", $"%include {inner}\n%include {inner}\n");

        Assert.Empty(ConfigurationFile.Read(main).Problems);
    }

    [Fact]
    public void Includes_that_multiply_end_at_a_bound()
    {
        _folder.File("12", "a = 1\n");
        for (var level = 11; level >= 0; level--)
        {
            _folder.File($"{level}", $"%include {_folder.At($"{level + 1}")}\n%include {_folder.At($"{level + 1}")}\n");
        }

        var problem = Assert.Single(ConfigurationFile.Read(_folder.At("0")).Problems);

        Assert.Contains("more than 1000 files are included", problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_cannot_be_read_as_text_is_an_error_with_its_name()
    {
        var missing = _folder.At("missing.conf");
        var binary = _folder.At("binary.conf");
        File.WriteAllBytes(binary, [0xff, 0xfe, 0x80]);
        var huge = _folder.At("huge.conf");
        File.WriteAllBytes(huge, new byte[ConfigurationFile.MaxBytes + 1]);

        Assert.Equal($"{missing}: cannot be read: Could not find file '{missing}'.", Problem(missing));
        Assert.Equal($"{binary}: {binary} is not UTF-8", Problem(binary));
        Assert.Equal($"{huge}: {huge} is longer than 1048576 bytes", Problem(huge));
        Assert.Contains("cannot be read", Problem(_folder.Path), StringComparison.Ordinal);

        static string Problem(string path) => Assert.Single(ConfigurationFile.Read(path).Problems).ToString();
    }
}
