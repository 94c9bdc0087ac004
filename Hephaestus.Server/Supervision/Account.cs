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
}
