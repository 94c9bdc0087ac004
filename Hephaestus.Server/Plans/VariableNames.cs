using System.Collections.Immutable;

namespace Hephaestus.Server.Plans;

/// <summary>Which names variables of a plan may have.</summary>
internal static class VariableNames
{
    // What Hephaestus itself tells a step; a cancelled execution's processes are found by the last one.
    private static readonly ImmutableHashSet<string> s_own =
    [
        "HEPHAESTUS_SET", "HEPHAESTUS_PLAN", "HEPHAESTUS_EXECUTION", "HEPHAESTUS_STEP", "HEPHAESTUS_INSTANCE",
    ];

    /// <summary>Why no plan can set a variable of this name; null: it can.</summary>
    public static string? Fault(string name) =>
        s_own.Contains(name) ? $"{name} is set by Hephaestus itself"
        : IsIdentifier(name) ? null
        : $"{Spelling.Quote(name)} is no name of a variable (letters, digits and _, no digit first)";

    /// <summary>Whether it is one of those that Hephaestus itself sets.</summary>
    public static bool IsOwn(string name) => s_own.Contains(name);

    private static bool IsIdentifier(string name) =>
        name != "" && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
