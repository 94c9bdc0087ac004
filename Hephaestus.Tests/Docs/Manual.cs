using System.Text.RegularExpressions;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Docs;

/// <summary>What users read: README.md with those beside it, and the pages in docs.</summary>
internal static partial class Manual
{
    /// <summary>All pages, by their paths from the repository's root on.</summary>
    public static IEnumerable<string> Pages =>
    [
        "README.md",
        "CHANGELOG.md",
        "SECURITY.md",
        .. Directory.EnumerateFiles(Path.Combine(Programs.Root, "docs"), "*.md").Select(file => $"docs/{Path.GetFileName(file)}"),
    ];

    public static string Read(string page) => File.ReadAllText(Path.Combine(Programs.Root, page));

    /// <summary>The contents of the fenced blocks of a language, in order.</summary>
    public static IEnumerable<string> Blocks(string text, string language) =>
        from block in Fenced.Matches(text)
        where block.Groups["language"].Value == language
        select block.Groups["content"].Value;

    /// <summary>The text below a heading of the second level, up to the next one.</summary>
    public static string Section(string text, string heading)
    {
        var from = text.IndexOf($"\n## {heading}\n", StringComparison.Ordinal);
        Assert.True(from >= 0, $"there is no section '{heading}'");
        var to = text.IndexOf("\n## ", from + 1, StringComparison.Ordinal);
        return to < 0 ? text[from..] : text[from..to];
    }

    /// <summary>The text without its fenced blocks.</summary>
    public static string Prose(string text) => Fenced.Replace(text, "");

    [GeneratedRegex(@"^```(?<language>\w*)\n(?<content>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fenced { get; }
}
