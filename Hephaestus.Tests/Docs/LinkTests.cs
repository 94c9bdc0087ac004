using System.Text.RegularExpressions;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Docs;

/// <summary>Links between the pages, and to files of the repository.</summary>
public sealed partial class LinkTests
{
    [Fact]
    public void Every_relative_link_leads_to_a_file_and_a_heading_that_exist() =>
        Assert.Empty(Manual.Pages.SelectMany(page => Broken(page, Manual.Prose(Manual.Read(page)))));

    [Fact]
    public void A_link_to_nowhere_is_found()
    {
        Assert.Equal(["README.md: docs/none.md", "README.md: docs/plans.md#none"],
            Broken("README.md", "[a](docs/none.md) [b](docs/plans.md#none) [c](docs/plans.md#the-body) [d](#first-plan)"));
    }

    [Fact]
    public void Every_page_is_reached_from_the_README()
    {
        var linked = Links("README.md", Manual.Prose(Manual.Read("README.md"))).Select(link => link.Split('#')[0]).ToHashSet();

        Assert.Empty(Manual.Pages.Except(["README.md"]).Except(linked));
    }

    private static IEnumerable<string> Broken(string page, string text) =>
        from link in Links(page, text)
        where !Resolves(page, link)
        select $"{page}: {link}";

    private static IEnumerable<string> Links(string page, string text) =>
        from link in Link.Matches(text)
        let target = link.Groups[1].Value
        where !target.Contains("://", StringComparison.Ordinal)
        select target;

    private static bool Resolves(string page, string link)
    {
        var (path, heading) = link.Split('#') is [var file, var anchor] ? (file, anchor) : (link, "");
        var target = path == "" ? page : Path.Combine(Path.GetDirectoryName(page)!, path);
        var full = Path.GetFullPath(target, Programs.Root);
        return heading == "" ? Path.Exists(full) : File.Exists(full) && Anchors(File.ReadAllText(full)).Contains(heading);
    }

    /// <summary>As GitHub makes them: small letters, blanks as hyphens, no other punctuation.</summary>
    private static IEnumerable<string> Anchors(string text) =>
        from heading in Heading.Matches(Manual.Prose(text))
        select NoAnchor.Replace(heading.Groups[1].Value.ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link { get; }

    [GeneratedRegex("^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading { get; }

    [GeneratedRegex(@"[^\w \-]")]
    private static partial Regex NoAnchor { get; }
}
