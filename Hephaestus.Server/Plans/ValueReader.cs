using System.Globalization;
using Hephaestus.Protocol.Configuration;

namespace Hephaestus.Server.Plans;

/// <summary>Reads attributes of a tag whose values are no free text.</summary>
internal sealed class ValueReader(Findings findings, Tag tag)
{
    /// <summary>Any longer time is a slip; timers have a limit too.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromHours(1000);

    /// <summary>A whole number within limits; null: the attribute is absent, or wrong, which is told.</summary>
    public int? Number(string name, int least, int most)
    {
        if (tag.Find(name) is not { } attribute)
        {
            return null;
        }

        if (int.TryParse(attribute.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }

        findings.Error(attribute.ValueOffset, $"{name} is a whole number from {least} to {most}, not {Spelling.Quote(attribute.Value)}");
        return null;
    }

    /// <summary>A duration of at most 1000 hours; null: the attribute is absent, or wrong, which is told.</summary>
    public TimeSpan? Duration(string name, TimeSpan least)
    {
        if (tag.Find(name) is not { } attribute)
        {
            return null;
        }

        if (DurationText.TryParse(attribute.Value, out var duration) && duration >= least && duration <= s_longest)
        {
            return duration;
        }

        findings.Error(
            attribute.ValueOffset,
            $"{name} is {DurationText.Allowed} from {DurationText.Format(least)} to {DurationText.Format(s_longest)}, not {Spelling.Quote(attribute.Value)}");
        return null;
    }
}
