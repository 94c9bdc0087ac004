using System.Collections.Immutable;
using Hephaestus.Protocol.Configuration;

namespace Hephaestus.Server.Access;

/// <summary>A configuration's entries -> rules of access, or everything that is wrong with them.</summary>
internal static class AccessRulesReader
{
    /// <summary>
    /// The rules, without those that cannot be used. Of a key that stands twice the later value counts, and so it does of a
    /// user or group that two keys name, one by name and one by number.
    /// </summary>
    public static (AccessRules Rules, ImmutableArray<ConfigurationProblem> Problems) Read(Protocol.Configuration.Configuration configuration)
    {
        var entries = configuration.Entries.Where(entry => AccessKeys.IsRule(entry.Key) && ReferenceEquals(configuration.Find(entry.Key), entry)).ToArray();
        var problems = ImmutableArray.CreateBuilder<ConfigurationProblem>();
        var rules = new OrderedDictionary<Principal, ImmutableArray<Grant>>();
        foreach (var entry in entries)
        {
            var (principal, fault) = PrincipalText.Parse(entry.Key[AccessKeys.Prefix.Length..]);
            if (principal is null)
            {
                problems.Add(entry.Error(fault));
                continue;
            }

            var (grants, faults) = GrantText.Parse(principal, entry.Value);
            problems.AddRange(faults.Select(entry.Error));
            rules[principal] = grants;
        }

        return (entries.Length == 0 ? AccessRules.Unset : new AccessRules([.. rules.Values.SelectMany(grants => grants)]), problems.ToImmutable());
    }
}
