using System.Collections.Immutable;

namespace Hephaestus.Server.Plans;

/// <summary>An attribute that a tag may have.</summary>
/// <param name="Repeatable">May stand more than once.</param>
/// <param name="Reserved">
/// Has a meaning that is not built yet. It is refused, not ignored: without its timeout a plan would run otherwise than
/// it says.
/// </param>
internal sealed record KnownAttribute(string Name, bool Repeatable = false, bool Reserved = false)
{
    private static readonly ImmutableArray<KnownAttribute> s_ofPlans =
    [
        new("id"),
        new("concurrency"),
        new("timeout"),
        new("overlap"),
        new("params"),
        new("launcher", Reserved: true),
    ];

    private static readonly ImmutableArray<KnownAttribute> s_ofSteps =
    [
        new("name"),
        new("desc"),
        new("parent"),
        new("cwd"),
        new("user"),
        new("setenv", Repeatable: true),
        new("timeout"),
        new("retries"),
        new("retry-delay"),
        new("grace"),
        new("launcher", Reserved: true),
    ];

    /// <summary>Those that a tag of this kind may have.</summary>
    public static ImmutableArray<KnownAttribute> Of(TagKind kind) => kind == TagKind.Plan ? s_ofPlans : s_ofSteps;
}
