using System.Collections.Immutable;

namespace Hephaestus.Server.Supervision;

/// <summary>A user of the machine.</summary>
/// <param name="Groups">All groups, the first one included.</param>
internal sealed record Account(string Name, uint User, uint Group, ImmutableArray<uint> Groups, string Home, string Shell)
{
    /// <summary>What the user's programs expect in their environment.</summary>
    public IEnumerable<KeyValuePair<string, string>> Variables =>
    [
        new("HOME", Home),
        new("USER", Name),
        new("LOGNAME", Name),
        new("SHELL", Shell),
    ];

    /// <summary>Why a server that is not root cannot run a step as another user.</summary>
    public static string NeedsRoot(string user) => $"only a server that runs as root can run a step as another user, here '{user}'";

    /// <summary>The account of a user as whom this program can run a step, or why it cannot; neither: no user is named.</summary>
    public static (Account? Account, string? Fault) Of(string? user)
    {
        if (user is null)
        {
            return (null, null);
        }

        try
        {
            return Libc.FindUser(user) switch
            {
                null => (null, $"there is no user '{user}' on this machine"),
                var account when account.User == Libc.User() => (account, null),
                _ when Libc.User() != 0 => (null, NeedsRoot(user)),
                var account => (account, null),
            };
        }
        catch (IOException fault)
        {
            return (null, $"the user '{user}' cannot be looked up: {fault.Message}");
        }
    }
}
