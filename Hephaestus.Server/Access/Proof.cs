using System.Collections.Immutable;

namespace Hephaestus.Server.Access;

/// <summary>What somebody proved to be.</summary>
/// <param name="Principals">The most telling first.</param>
/// <param name="Name">As people know it, see <see cref="Caller.Name"/>.</param>
internal sealed record Proof(ImmutableArray<Principal> Principals, string Name)
{
    /// <summary>Nothing.</summary>
    public static Proof Nothing { get; } = new([], "anonymous");

    /// <summary>Of one principal, by its own name.</summary>
    public static Proof Of(Principal principal) => new([principal], principal.ToString());

    /// <summary>Both; the name is this one's.</summary>
    public Proof And(Proof other) => this with { Principals = [.. Principals, .. other.Principals] };
}
