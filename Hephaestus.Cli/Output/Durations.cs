using System.Globalization;

namespace Hephaestus.Cli.Output;

/// <summary>Times as people read them.</summary>
internal static class Durations
{
    /// <summary><c>0.3s</c>, <c>12s</c>, <c>2m05s</c>, <c>1h02m</c>, <c>3d04h</c>: two units at most.</summary>
    public static string Text(TimeSpan duration) => duration switch
    {
        { Ticks: < 0 } => "0.0s",
        { TotalSeconds: < 10 } => $"{duration.Seconds}.{duration.Milliseconds / 100}s",
        { TotalMinutes: < 1 } => $"{duration.Seconds}s",
        { TotalHours: < 1 } => $"{duration.Minutes}m{duration.Seconds:00}s",
        { TotalDays: < 1 } => $"{duration.Hours}h{duration.Minutes:00}m",
        _ => $"{duration.Days}d{duration.Hours:00}h",
    };

    /// <summary>The second in local time, as in log lines.</summary>
    public static string Local(DateTimeOffset time) =>
        time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
