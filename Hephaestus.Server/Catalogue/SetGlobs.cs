using System.Collections.Immutable;
using System.IO.Enumeration;

namespace Hephaestus.Server.Catalogue;

/// <summary>Some plan sets, by their names, or all.</summary>
/// <param name="Globs"><c>*</c> stands for any text, <c>?</c> for one character, all else for itself; null: all sets.</param>
internal sealed record SetGlobs(ImmutableArray<string>? Globs)
{
    /// <summary>Every set, and what is of none.</summary>
    public static SetGlobs All { get; } = new((ImmutableArray<string>?)null);

    public bool IsAll => Globs is null;

    /// <summary>Whether a set is one of these.</summary>
    public bool Covers(string set) => Globs is not { } globs || globs.Any(glob => Matches(glob, set));

    /// <summary>Whether a glob stands for a set's name.</summary>
    public static bool Matches(string glob, string set) => FileSystemName.MatchesSimpleExpression(glob, set, ignoreCase: false);

    /// <summary>Why a glob stands for no set's name; null: it may stand for one.</summary>
    public static string? Fault(string glob) =>
        glob.Contains('\\', StringComparison.Ordinal)
            ? "a backslash has no meaning here; ? stands for any one character"
            : PlanNames.Refusal("set", glob.Replace('?', 'x').Replace('*', 'x')) is null ? null : Because(glob);

    private static string Because(string glob) => glob switch
    {
        ['.', ..] => "no plan set's name begins with a dot",
        _ when PlanNames.Unusable(glob.Replace('?', 'x').Replace('*', 'x')) is { } reason => $"a plan set's name {reason}",
        _ => "no plan set's name is that long",
    };
}
