namespace Hephaestus.Server.Configuration;

/// <summary>Where steps get control groups of their own: <c>auto</c>, <c>off</c>, or below a directory.</summary>
/// <param name="Directory">A control group of version 2 that the operator leaves to this server; null: none is named.</param>
/// <param name="IsOff">Nowhere, even where the server's own control group was delegated to it.</param>
internal sealed record CgroupSetting(string? Directory, bool IsOff)
{
    /// <summary>What is allowed, for error messages.</summary>
    public const string Allowed = "auto, off, or the absolute path of a control group";

    /// <summary>Below the server's own control group, where that was delegated to it.</summary>
    public static CgroupSetting Auto { get; } = new(null, false);

    /// <summary>Null: none of them.</summary>
    public static CgroupSetting? Parse(string text) => text switch
    {
        "auto" => Auto,
        "off" => new(null, true),
        ['/', _, ..] => new(text.TrimEnd('/'), false),
        _ => null,
    };

    /// <inheritdoc/>
    public override string ToString() => Directory ?? (IsOff ? "off" : "auto");
}
