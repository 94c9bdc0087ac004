using FsCheck;
using FsCheck.Fluent;

namespace Hephaestus.Tests.Logs;

/// <summary>What programs print, mostly the awkward parts of it; every character is one byte.</summary>
internal static class Texts
{
    private static readonly string[] s_pieces =
        ["\n", "\n", "\r", "\r\n", "\0", "a", "line", "\xff", "\xc3\xa4", "  ", "\n\n\n", "end\n"];

    /// <summary>Not empty.</summary>
    public static Gen<string> Any { get; } = Gen.Elements(s_pieces).NonEmptyListOf().Select(string.Concat);
}
