using System.Collections.Immutable;

namespace Hephaestus.Server.Plans;

/// <summary>Which tag it is.</summary>
internal enum TagKind
{
    /// <summary><c>&lt;plan&gt;</c></summary>
    Plan,

    /// <summary><c>&lt;step&gt;</c></summary>
    Step,

    /// <summary><c>&lt;recovery&gt;</c></summary>
    Recovery,
}

/// <summary>A tag with its attributes and its body, not yet judged by meaning.</summary>
/// <param name="Offset">Where its <c>&lt;</c> stands.</param>
/// <param name="Damaged">Part of it could not be read: an attribute that seems to be missing may stand there.</param>
/// <param name="BodyOffset">Where the body's first character stands or would stand.</param>
internal sealed record Tag(
    TagKind Kind,
    int Offset,
    ImmutableArray<TagAttribute> Attributes,
    bool Damaged,
    string Body,
    int BodyOffset)
{
    /// <summary>The first attribute of that name; null: there is none.</summary>
    public TagAttribute? Find(string name) => Attributes.FirstOrDefault(attribute => attribute.Name == name);
}

/// <summary>An attribute as written.</summary>
/// <param name="Offset">Where its name begins.</param>
/// <param name="ValueOffset">Where its value begins, after the quote.</param>
internal sealed record TagAttribute(string Name, int Offset, string Value, int ValueOffset);

/// <summary>The tags' names.</summary>
internal static class TagNames
{
    public static readonly ImmutableArray<(string Name, TagKind Kind)> All =
        [("plan", TagKind.Plan), ("step", TagKind.Step), ("recovery", TagKind.Recovery)];

    /// <summary>As it stands in a plan.</summary>
    public static string Name(this TagKind kind) => All[(int)kind].Name;
}
