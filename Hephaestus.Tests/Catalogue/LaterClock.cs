namespace Hephaestus.Tests.Catalogue;

/// <summary>An hour from now: by then no file that exists now can change without a new time stamp.</summary>
internal sealed class LaterClock : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UtcNow.AddHours(1);
}
