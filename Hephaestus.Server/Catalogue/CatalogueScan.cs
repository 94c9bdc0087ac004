using System.Collections.Immutable;

namespace Hephaestus.Server.Catalogue;

/// <summary>A snapshot and what the next scan needs to read only what changed.</summary>
/// <param name="Files">By set and name.</param>
internal sealed record CatalogueScan(CatalogueSnapshot Snapshot, ImmutableDictionary<string, ScannedSet> Sets)
{
    /// <summary>More are not told.</summary>
    public const int MostProblems = 100;

    /// <summary>Nothing has been read yet.</summary>
    public static CatalogueScan None { get; } = new(CatalogueSnapshot.Empty, ImmutableDictionary<string, ScannedSet>.Empty);

    /// <summary>
    /// The next scan. What tells the same as before is the same object as before: whoever compares finds it at once,
    /// and an idle scan leaves nothing behind.
    /// </summary>
    public CatalogueScan Next(ImmutableArray<ScannedSet> sets, ImmutableArray<CatalogueProblem> rootProblems)
    {
        ImmutableArray<CatalogueProblem> problems =
            [.. rootProblems.Concat(sets.SelectMany(set => set.Problems)).Take(MostProblems)];
        var sameSets = sets.Length == Sets.Count && sets.All(set => ReferenceEquals(Sets.GetValueOrDefault(set.Plans.Name), set));
        if (sameSets && problems.SequenceEqual(Snapshot.Problems))
        {
            return this;
        }

        var plans = sets.ToImmutableSortedDictionary(set => set.Plans.Name, set => set.Plans, StringComparer.Ordinal);
        var samePlans = plans.Count == Snapshot.Sets.Count
            && plans.All(set => ReferenceEquals(Snapshot.Sets.GetValueOrDefault(set.Key), set.Value));
        return new CatalogueScan(
            samePlans && problems.SequenceEqual(Snapshot.Problems) ? Snapshot : new CatalogueSnapshot(plans, problems),
            sets.ToImmutableDictionary(set => set.Plans.Name, StringComparer.Ordinal));
    }
}

/// <summary>A set as scanned.</summary>
/// <param name="Files">By plan name.</param>
internal sealed record ScannedSet(
    PlanSet Plans,
    ImmutableDictionary<string, PlanFile> Files,
    ImmutableArray<CatalogueProblem> Problems)
{
    /// <summary>The set of these files; the same object if they are, and the same plans if these tell the same.</summary>
    public static ScannedSet Of(
        string name, IReadOnlyCollection<PlanFile> files, ImmutableArray<CatalogueProblem> problems, ScannedSet? before)
    {
        if (before is not null && problems.SequenceEqual(before.Problems) && files.Count == before.Files.Count
            && files.All(file => ReferenceEquals(before.Files.GetValueOrDefault(file.Entry.Name), file)))
        {
            return before;
        }

        var samePlans = before is not null && files.Count == before.Files.Count
            && files.All(file => ReferenceEquals(before.Plans.Plans.GetValueOrDefault(file.Entry.Name), file.Entry));
        var plans = samePlans
            ? before!.Plans
            : new PlanSet(name, files.ToImmutableSortedDictionary(file => file.Entry.Name, file => file.Entry, StringComparer.Ordinal));
        return new ScannedSet(plans, files.ToImmutableDictionary(file => file.Entry.Name, StringComparer.Ordinal), problems);
    }
}
