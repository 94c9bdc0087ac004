using System.Collections.Immutable;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Access;

/// <summary>A role that a principal has.</summary>
/// <param name="Sets">Globs (<c>*</c> and <c>?</c>) of the plan sets that it is limited to; empty: all, and what is of no set.</param>
internal sealed record Grant(Principal Principal, Role Role, ImmutableArray<string> Sets)
{
    /// <summary>As a rule's value says it: <c>viewer web-* db</c>.</summary>
    public string Value => string.Join(' ', [RoleWords.Of(Role), .. Sets]);
}

/// <summary>All grants.</summary>
/// <param name="Grants">Null: no rule is set; then whoever reaches the server may run plans, as of old.</param>
internal sealed record AccessRules(ImmutableArray<Grant>? Grants)
{
    /// <summary>Without any rule.</summary>
    public static AccessRules Unset { get; } = new((ImmutableArray<Grant>?)null);

    /// <summary>
    /// What a caller may do: all that what it proved and "anybody" grants, together. Root and the server's own user can do
    /// everything without asking the server, so that nothing is gained by a refusal, and nobody is locked out.
    /// </summary>
    public Permissions Of(Caller caller) => new(
    [
        .. Grants is { } grants
            ? grants.Where(grant => grant.Principal is Principal.Anybody || caller.Proved.Contains(grant.Principal))
            : [new Grant(new Principal.Anybody(), Role.Operator, [])],
        .. caller.Proved.OfType<Principal.User>().Where(user => user.Id == 0 || user.Id == Libc.User())
            .Select(user => new Grant(user, Role.Admin, [])),
    ]);

    /// <summary>The rules in effect, a <c>key = value</c> a line.</summary>
    public IReadOnlyList<string> Describe() => Grants is { } grants
        ? [.. grants.GroupBy(grant => grant.Principal).Select(rule => $"{AccessKeys.Prefix}{rule.Key} = {string.Join(", ", rule.Select(grant => grant.Value))}")]
        : [$"{AccessKeys.Prefix}* = (none, whoever reaches the server is {RoleWords.Of(Role.Operator)})"];
}
