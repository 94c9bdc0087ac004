using System.Collections.Immutable;
using System.IO.Enumeration;

namespace Hephaestus.Server.Access;

/// <summary>A role that a principal has.</summary>
/// <param name="Sets">Globs (<c>*</c> and <c>?</c>) of the plan sets that it is limited to; empty: all, and what is of no set.</param>
internal sealed record Grant(Principal Principal, Role Role, ImmutableArray<string> Sets);

/// <summary>All grants.</summary>
/// <param name="Grants">Null: no rule is set; then whoever reaches the server may run plans, as of old.</param>
internal sealed record AccessRules(ImmutableArray<Grant>? Grants)
{
    /// <summary>Without any rule.</summary>
    public static AccessRules Unset { get; } = new((ImmutableArray<Grant>?)null);

    /// <summary>What a caller may do: all that what it proved and "anybody" grants, together.</summary>
    public Permissions Of(Caller caller) => new(Grants is { } grants
        ? [.. grants.Where(grant => grant.Principal is Principal.Anybody || caller.Proved.Contains(grant.Principal))]
        : [new Grant(new Principal.Anybody(), Role.Operator, [])]);
}

/// <summary>What one caller may do.</summary>
internal sealed record Permissions(ImmutableArray<Grant> Grants)
{
    /// <summary>The highest role, in whatever sets.</summary>
    public Role Highest => Grants.IsEmpty ? Role.None : Grants.Max(grant => grant.Role);

    /// <summary>Whether the caller has a role that is not limited to sets.</summary>
    public bool Has(Role role) => Grants.Any(grant => grant.Role >= role && grant.Sets.IsEmpty);

    /// <summary>Whether the caller has a role in a plan set.</summary>
    public bool Has(Role role, string set) => Grants.Any(grant => grant.Role >= role
        && (grant.Sets.IsEmpty || grant.Sets.Any(glob => FileSystemName.MatchesSimpleExpression(glob, set, ignoreCase: false))));
}
