using System.Collections.Immutable;

namespace Hephaestus.Server.Catalogue;

/// <summary>A plan's set and name.</summary>
internal readonly record struct PlanKey(string Set, string Plan);

/// <summary>What leads from one snapshot to another; each list in ordinal order.</summary>
/// <param name="PlansPut">New and changed plans.</param>
/// <param name="PlansRemoved">Those of removed sets too.</param>
internal sealed record CatalogueChange(
    ImmutableArray<string> SetsAdded,
    ImmutableArray<string> SetsRemoved,
    ImmutableArray<CatalogueEntry> PlansPut,
    ImmutableArray<PlanKey> PlansRemoved)
{
    public bool IsEmpty => SetsAdded is [] && SetsRemoved is [] && PlansPut is [] && PlansRemoved is [];
}

/// <summary>The difference of two snapshots.</summary>
internal static class CatalogueDifference
{
    /// <summary>What to tell somebody who knows <paramref name="before"/>, so that they know <paramref name="after"/>.</summary>
    public static CatalogueChange Between(CatalogueSnapshot before, CatalogueSnapshot after) => new(
        [.. after.Sets.Keys.Where(set => !before.Sets.ContainsKey(set))],
        [.. before.Sets.Keys.Where(set => !after.Sets.ContainsKey(set))],
        [.. after.Sets.Values.SelectMany(set => Put(before.Sets.GetValueOrDefault(set.Name), set))],
        [.. before.Sets.Values.SelectMany(set => Removed(set, after.Sets.GetValueOrDefault(set.Name)))]);

    private static IEnumerable<CatalogueEntry> Put(PlanSet? before, PlanSet after) =>
        ReferenceEquals(before, after)
            ? []
            : after.Plans.Values.Where(entry => before?.Plans.GetValueOrDefault(entry.Name)?.Tells(entry) != true);

    private static IEnumerable<PlanKey> Removed(PlanSet before, PlanSet? after) =>
        ReferenceEquals(before, after)
            ? []
            : before.Plans.Keys.Where(name => after?.Plans.ContainsKey(name) != true).Select(name => new PlanKey(before.Name, name));
}
