using Hephaestus.Protocol.Configuration;
using Hephaestus.Server.Configuration;

namespace Hephaestus.Server.Access;

/// <summary>The keys of <c>main.conf</c> that are rules of access: <c>access.PRINCIPAL</c>.</summary>
internal static class AccessKeys
{
    public const string Prefix = "access.";

    /// <summary>Whether a key is a rule; other keys that begin so have names of their own.</summary>
    public static bool IsRule(string key) =>
        key.StartsWith(Prefix, StringComparison.Ordinal) && !SettingKeys.All.Contains(key);

    /// <summary>Whether a key was meant for a rule and is none, by a slip of the pen.</summary>
    public static bool IsMisspelt(string key) =>
        !SettingKeys.IsKnown(key)
        && key.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot
        && NearestName.Of(key[..dot], [Prefix[..^1]]) is not null;
}
