using System.Collections.Immutable;
using Grpc.Core;
using Hephaestus.Server.Catalogue;

namespace Hephaestus.Server.Access;

/// <summary>What one caller may do.</summary>
internal sealed record Permissions(ImmutableArray<Grant> Grants)
{
    private static readonly object s_key = typeof(Permissions);

    /// <summary>The highest role, in whatever sets.</summary>
    public Role Highest => Grants.IsEmpty ? Role.None : Grants.Max(grant => grant.Role);

    /// <summary>Whether the caller has a role that is not limited to sets.</summary>
    public bool Has(Role role) => Grants.Any(grant => grant.Role >= role && grant.Sets.IsEmpty);

    /// <summary>Whether the caller has a role in a plan set.</summary>
    public bool Has(Role role, string set) => Reach(role).Covers(set);

    /// <summary>The plan sets in which the caller has a role.</summary>
    public SetGlobs Reach(Role role) => Has(role)
        ? SetGlobs.All
        : new SetGlobs([.. Grants.Where(grant => grant.Role >= role).SelectMany(grant => grant.Sets).Distinct()]);

    /// <summary>Whether both allow the same, by whatever rules.</summary>
    public bool Allow(Permissions other) => Distinct().SetEquals(other.Distinct());

    /// <summary>Of a call that has passed the guard.</summary>
    public static Permissions Of(ServerCallContext context) => (Permissions)context.UserState[s_key];

    /// <summary>Notes what the caller may do.</summary>
    public void Sign(ServerCallContext context) => context.UserState[s_key] = this;

    private HashSet<string> Distinct() => [.. Grants.Where(grant => grant.Role > Role.None).Select(grant => grant.Value)];
}
