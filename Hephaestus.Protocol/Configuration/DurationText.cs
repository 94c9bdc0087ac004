using System.Globalization;

namespace Hephaestus.Protocol.Configuration;

/// <summary>Durations as users write them: a whole number with <c>s</c>, <c>m</c> or <c>h</c>.</summary>
public static class DurationText
{
    /// <summary>What is allowed, for error messages.</summary>
    public const string Allowed = "a whole number with s, m or h (as 90s)";

    /// <summary>False: no duration, or one beyond what a TimeSpan holds.</summary>
    public static bool TryParse(string? text, out TimeSpan duration)
    {
        duration = default;
        if (text is not [.. var digits, var unit] || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        var seconds = unit switch { 's' => 1L, 'm' => 60L, 'h' => 3600L, _ => 0L } * number;
        if (seconds > TimeSpan.MaxValue.TotalSeconds || unit is not ('s' or 'm' or 'h'))
            return false;
        duration = TimeSpan.FromSeconds(seconds);
        return true;
    }

    /// <summary>The shortest form: <c>2h</c>, <c>90s</c>.</summary>
    public static string Format(TimeSpan duration) => (long)duration.TotalSeconds switch
    {
        0 => "0s",
        var seconds when seconds % 3600 == 0 => $"{seconds / 3600}h",
        var seconds when seconds % 60 == 0 => $"{seconds / 60}m",
        var seconds => $"{seconds}s",
    };
}
