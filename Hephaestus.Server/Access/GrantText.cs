using System.Collections.Immutable;

namespace Hephaestus.Server.Access;

/// <summary>A rule's value, <c>ROLE [GLOB ...] {, ROLE [GLOB ...]}</c>. Pure; no input makes it throw.</summary>
internal static class GrantText
{
    /// <summary>What is allowed, for error messages.</summary>
    public const string Allowed = $"ROLE [PLAN SET ...] {{, ROLE [PLAN SET ...]}}, where ROLE is {RoleWords.Allowed}";

    private static readonly char[] s_blanks = [' ', '\t'];

    /// <summary>What a principal is granted, and what is wrong with the rest.</summary>
    public static (ImmutableArray<Grant> Grants, ImmutableArray<string> Faults) Parse(Principal principal, string value)
    {
        var grants = ImmutableArray.CreateBuilder<Grant>();
        var faults = ImmutableArray.CreateBuilder<string>();
        foreach (var part in value.Split(','))
        {
            string[] words = part.Split(s_blanks, StringSplitOptions.RemoveEmptyEntries);
            var fault = words is [var word, .. var globs] ? Fault(word, globs) : $"\"{value}\" lacks a role; allowed is {Allowed}";
            if (fault is null)
                grants.Add(new Grant(principal, RoleWords.Parse(words[0])!.Value, [.. words[1..]]));
            else
                faults.Add(fault);
        }

        return (grants.ToImmutable(), faults.ToImmutable());
    }

    private static string? Fault(string word, string[] globs) => RoleWords.Parse(word) switch
    {
        null => $"\"{word}\" is no role; allowed is {RoleWords.Allowed}{DidYouMean(word)}",
        Role.None when globs.Length > 0 => "\"none\" is not limited to plan sets: it allows nothing; allowed is none alone, or another role",
        _ => globs.Select(Fault).FirstOrDefault(fault => fault is not null),
    };

    private static string? Fault(string glob) => Catalogue.SetGlobs.Fault(glob) is { } fault
        ? $"\"{glob}\" cannot be used: {fault}; allowed is a plan set's name, in which * stands for any text and ? for one character"
        : null;

    private static string DidYouMean(string word) => RoleWords.Nearest(word) is { } nearest ? $"; did you mean {nearest}?" : "";
}
