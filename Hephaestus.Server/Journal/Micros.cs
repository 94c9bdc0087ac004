namespace Hephaestus.Server.Journal;

/// <summary>The journal's times: whole microseconds of UTC, as in the logs' index.</summary>
internal static class Micros
{
    /// <summary>Without what is shorter than a microsecond.</summary>
    public static DateTimeOffset Truncate(DateTimeOffset time) => FromEpoch(ToEpoch(time));

    /// <summary>Microseconds since 1970.</summary>
    public static long ToEpoch(DateTimeOffset time) =>
        (time.UtcTicks / TimeSpan.TicksPerMicrosecond) - (DateTimeOffset.UnixEpoch.UtcTicks / TimeSpan.TicksPerMicrosecond);

    /// <summary>The time that <see cref="ToEpoch"/> made a number of.</summary>
    public static DateTimeOffset FromEpoch(long microseconds) =>
        DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);
}
