using System.Globalization;
using Hephaestus.Protocol.Configuration;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Access;

/// <summary>Principals as users write them. Names of users and groups are looked up wherever the system looks them up.</summary>
internal static class PrincipalText
{
    /// <summary>What is allowed, for error messages.</summary>
    public const string Allowed = "cert:NAME, token:NAME, uid:NAME, uid:NUMBER, gid:NAME, gid:NUMBER or anonymous";

    private const string Anybody = "anonymous";

    private static readonly string[] s_kinds = ["cert", "token", "uid", "gid"];

    /// <summary>Reads a principal; null and why it is none.</summary>
    public static (Principal? Principal, string Fault) Parse(string text)
    {
        var (kind, name) = text.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon ? (text[..colon], text[(colon + 1)..]) : (text, "");
        return (kind, name) switch
        {
            (Anybody, _) when text == Anybody => (new Principal.Anybody(), ""),
            ("cert" or "token" or "uid" or "gid", "") => (null, $"the name of the {kind} is empty; allowed is {Allowed}"),
            ("cert" or "token" or "uid" or "gid", _) when name.Any(char.IsControl) || name.Trim() != name =>
                (null, $"the name of the {kind} begins with a blank or holds a control character; allowed is {Allowed}"),
            ("cert", _) => (new Principal.Certificate(name), ""),
            ("token", _) when !TokenEntry.IsName(name) =>
                (null, $"\"{name}\" is no token's name; allowed are letters, digits, - and _ (see hephaestus token)"),
            ("token", _) => (new Principal.Token(name), ""),
            ("uid", _) => Looked(name, "user", id => new Principal.User(id), user => Libc.FindUser(user)?.User),
            ("gid", _) => Looked(name, "group", id => new Principal.Group(id), Libc.FindGroup),
            _ => (null, $"\"{kind}\" is no kind of caller; allowed is {Allowed}{DidYouMean(kind)}"),
        };
    }

    private static (Principal?, string) Looked(string name, string what, Func<uint, Principal> known, Func<string, uint?> find)
    {
        // The highest number stands for "none" in the kernel.
        if (uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < uint.MaxValue)
        {
            return (known(number), "");
        }

        try
        {
            return find(name) is { } id
                ? (known(id), "")
                : (null, $"there is no {what} '{name}' on this machine; allowed is the name of one, or a number below {uint.MaxValue}");
        }
        catch (IOException fault)
        {
            return (null, $"the {what} '{name}' cannot be looked up: {fault.Message}; a number is not looked up");
        }
    }

    private static string DidYouMean(string kind) =>
        NearestName.Of(kind, [.. s_kinds, Anybody]) is { } nearest ? $"; did you mean {nearest}?" : "";
}
