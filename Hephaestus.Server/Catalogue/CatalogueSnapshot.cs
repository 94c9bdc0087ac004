using System.Collections.Immutable;
using Hephaestus.Server.Plans;

namespace Hephaestus.Server.Catalogue;

/// <summary>One plan file as read.</summary>
/// <param name="Set">The directory's name.</param>
/// <param name="Name">The file's name without the last <c>.conf</c>.</param>
/// <param name="File">Absolute path.</param>
/// <param name="Text">As read; empty when it could not be, or is larger than <see cref="PlanParser.MaximumBytes"/>.</param>
/// <param name="Reading">Its plan; or none, and why it cannot be run.</param>
internal sealed record CatalogueEntry(
    string Set,
    string Name,
    string File,
    ReadOnlyMemory<byte> Text,
    PlanReading Reading,
    DateTimeOffset Modified)
{
    /// <summary>Whether reading both tells the same.</summary>
    public bool Tells(CatalogueEntry other) =>
        ReferenceEquals(this, other)
        || (File == other.File
            && Modified == other.Modified
            && Text.Span.SequenceEqual(other.Text.Span)
            && Reading.Diagnostics.SequenceEqual(other.Reading.Diagnostics));
}

/// <summary>The plans of one directory, by name, in ordinal order.</summary>
internal sealed record PlanSet(string Name, ImmutableSortedDictionary<string, CatalogueEntry> Plans);

/// <summary>What could not be read and has no entry of its own: a directory, a name.</summary>
/// <param name="Path">As far as it can be shown.</param>
internal sealed record CatalogueProblem(string Path, string Message);

/// <summary>The rule directory at one time.</summary>
/// <param name="Sets">By name, in ordinal order.</param>
/// <param name="Problems">The first <see cref="CatalogueScan.MostProblems"/>.</param>
internal sealed record CatalogueSnapshot(
    ImmutableSortedDictionary<string, PlanSet> Sets,
    ImmutableArray<CatalogueProblem> Problems)
{
    /// <summary>No sets.</summary>
    public static CatalogueSnapshot Empty { get; } =
        new(ImmutableSortedDictionary.Create<string, PlanSet>(StringComparer.Ordinal), []);

    /// <summary>The same without any other set.</summary>
    public CatalogueSnapshot Only(string set) =>
        new(Sets.RemoveRange(Sets.Keys.Where(name => name != set)), Problems);

    /// <summary>The same without sets that are none of these.</summary>
    public CatalogueSnapshot Within(SetGlobs reach) =>
        reach.IsAll ? this : new(Sets.RemoveRange(Sets.Keys.Where(name => !reach.Covers(name))), Problems);

    /// <summary>The entry of a plan; null: there is none.</summary>
    public CatalogueEntry? Find(string set, string plan) => Sets.GetValueOrDefault(set)?.Plans.GetValueOrDefault(plan);
}
