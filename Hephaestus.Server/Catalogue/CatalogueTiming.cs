namespace Hephaestus.Server.Catalogue;

/// <summary>When the catalogue looks at the disk.</summary>
/// <param name="Quiet">After the last hint of a change: an editor's several writes are one change.</param>
/// <param name="AtLatest">After the first hint, however many follow.</param>
/// <param name="Rescan">After the last look, without any hint.</param>
internal sealed record CatalogueTiming(TimeSpan Quiet, TimeSpan AtLatest, TimeSpan Rescan)
{
    /// <summary>0.2 s, 2 s, 10 s.</summary>
    public static CatalogueTiming Default { get; } =
        new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(10));
}
