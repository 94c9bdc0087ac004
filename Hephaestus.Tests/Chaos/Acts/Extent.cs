namespace Hephaestus.Tests.Chaos.Acts;

/// <summary>How much happens in a round.</summary>
/// <param name="MostWork">Things that are asked of the server, at least half of it.</param>
/// <param name="MostTroubles">Things that happen to it.</param>
internal sealed record Extent(int MostWork, int MostTroubles)
{
    /// <summary>As among other tests.</summary>
    public static Extent Short { get; } = new(4, 2);

    public static Extent Long { get; } = new(10, 6);
}
