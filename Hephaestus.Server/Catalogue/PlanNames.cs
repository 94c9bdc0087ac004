using System.Text;
using Hephaestus.Server.Plans;

namespace Hephaestus.Server.Catalogue;

/// <summary>Which names sets and plans may have.</summary>
internal static class PlanNames
{
    /// <summary>What stands in the place of a byte that is not UTF-8.</summary>
    private const char Replacement = '\uFFFD';

    /// <summary>Bytes of a file's name, by Linux.</summary>
    private const int LongestName = 255;

    /// <summary>Why no set or plan can have this name, from anybody who asks for one; null: it is a name.</summary>
    /// <param name="what">"set" or "plan".</param>
    public static string? Refusal(string what, string name) =>
        name == "" ? $"the name of the {what} is empty"
        : name[0] == '.' ? Because(what, name, "must not begin with a dot")
        : Encoding.UTF8.GetByteCount(name) > LongestName ? Because(what, name, $"must not have more than {LongestName} bytes")
        : Unusable(name) is { } reason ? Because(what, name, reason)
        : null;

    /// <summary>What keeps a file's name from being a plan's or a set's; null: nothing.</summary>
    public static string? Unusable(string name) =>
        name.Contains('/') ? "must not hold a slash"
        : name.Contains("..", StringComparison.Ordinal) ? "must not hold two dots in a row"
        : name.Any(char.IsControl) ? "must not hold control characters"
        : name.Contains(Replacement) ? "must be UTF-8"
        : null;

    private static string Because(string what, string name, string reason) =>
        $"the name of the {what}, {Spelling.Quote(name)}, {reason}";
}
