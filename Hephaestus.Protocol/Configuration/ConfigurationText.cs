namespace Hephaestus.Protocol.Configuration;

/// <summary>
/// The format of <c>main.conf</c> and <c>client.conf</c>: one <c>key = value</c> a line. A line that begins with
/// <c>*</c> or <c>#</c> is a comment, and so is the rest of a line from <c> //</c> on; blanks are spaces and tabs.
/// <c>%include /absolute/path</c> stands for another file's content.
/// </summary>
public static class ConfigurationText
{
    private const string IncludeWord = "%include";
    private static readonly char[] s_blanks = [' ', '\t', '\r'];

    /// <summary>Reads a text; no input makes it throw.</summary>
    /// <param name="file">Only for the places in the result.</param>
    public static IEnumerable<ConfigurationLine> Parse(string text, string file)
    {
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            var content = WithoutComment(line).Trim(s_blanks);
            if (content.Length > 0)
            {
                yield return Read(content, file, number);
            }
        }
    }

    private static string WithoutComment(string line)
    {
        if (line.TrimStart(s_blanks) is ['*' or '#', ..] or ['/', '/', ..])
        {
            return "";
        }

        for (var at = line.IndexOf("//", StringComparison.Ordinal); at >= 0; at = line.IndexOf("//", at + 1, StringComparison.Ordinal))
        {
            if (line[at - 1] is ' ' or '\t')
            {
                return line[..at];
            }
        }

        return line;
    }

    private static ConfigurationLine Read(string content, string file, int number)
    {
        if (content == IncludeWord || content.StartsWith(IncludeWord + " ", StringComparison.Ordinal) || content.StartsWith(IncludeWord + "\t", StringComparison.Ordinal))
        {
            return new ConfigurationLine.Include(content[IncludeWord.Length..].Trim(s_blanks), file, number);
        }

        var equals = content.IndexOf('=', StringComparison.Ordinal);
        return equals switch
        {
            < 0 => Faulty("there is no '='; allowed is KEY = VALUE, a comment, or %include /absolute/path"),
            0 => Faulty("there is no key before the '='; allowed is KEY = VALUE"),
            _ => new ConfigurationLine.Entry(new(content[..equals].TrimEnd(s_blanks), content[(equals + 1)..].TrimStart(s_blanks), file, number)),
        };

        ConfigurationLine.Faulty Faulty(string message) => new(new(file, number, null, message, IsError: true));
    }
}

/// <summary>A line that is neither empty nor a comment.</summary>
public abstract record ConfigurationLine
{
    private ConfigurationLine()
    {
    }

    /// <summary><c>key = value</c>.</summary>
    public sealed record Entry(ConfigurationEntry Value) : ConfigurationLine;

    /// <summary><c>%include path</c>; the path is as written and may be empty or relative, which is an error.</summary>
    public sealed record Include(string Path, string File, int Line) : ConfigurationLine
    {
        /// <summary>What is wrong with this line.</summary>
        public ConfigurationProblem Error(string message) => new(File, Line, "%include", message, IsError: true);
    }

    /// <summary>A line that means nothing.</summary>
    public sealed record Faulty(ConfigurationProblem Problem) : ConfigurationLine;
}
