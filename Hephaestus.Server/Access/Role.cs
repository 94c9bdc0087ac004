using Hephaestus.Protocol.Configuration;

namespace Hephaestus.Server.Access;

/// <summary>What somebody may do; each role may do all that those before it may.</summary>
internal enum Role
{
    /// <summary>Nothing but what everybody may: ask whether the server is well, and what its calls look like.</summary>
    None,

    /// <summary>Lists, statuses, logs.</summary>
    Viewer,

    /// <summary>Also run, cancel, resume and dump plans.</summary>
    Operator,

    /// <summary>Also what concerns the server as a whole: drain it, send to Hermes again, read the audit.</summary>
    Admin,
}

/// <summary>Roles as users write them.</summary>
internal static class RoleWords
{
    /// <summary>What is allowed, for error messages.</summary>
    public const string Allowed = "none, viewer, operator or admin";

    private static readonly Dictionary<string, Role> s_roles = Enum.GetValues<Role>().ToDictionary(Of);

    /// <summary>The word of a role.</summary>
    public static string Of(Role role) => role.ToString().ToLowerInvariant();

    /// <summary>Null: no role is called that.</summary>
    public static Role? Parse(string word) => s_roles.TryGetValue(word, out var role) ? role : null;

    /// <summary>The role that somebody may have meant; null: none.</summary>
    public static string? Nearest(string word) => NearestName.Of(word, s_roles.Keys);
}
