using System.Collections.Immutable;
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

    /// <summary>One of an enumeration's words, in small letters; null: the attribute is absent, or wrong, which is told.</summary>
    public T? Word<T>(string name)
        where T : struct, Enum
    {
        if (tag.Find(name) is not { } attribute)
        {
            return null;
        }

        var words = Enum.GetNames<T>().Select(word => word.ToLowerInvariant()).ToArray();
        if (words.Contains(attribute.Value))
        {
            return Enum.Parse<T>(attribute.Value, ignoreCase: true);
        }

        findings.Error(
            attribute.ValueOffset,
            $"{name} is {string.Join(", ", words[..^1])} or {words[^1]}, not {Spelling.Quote(attribute.Value)}");
        return null;
    }

    /// <summary>Names of variables, with blanks between them; those that are wrong are told and left out.</summary>
    public ImmutableArray<string> Names(string name)
    {
        var names = ImmutableArray.CreateBuilder<string>();
        if (tag.Find(name) is { } attribute)
        {
            foreach (var word in attribute.Value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            {
                if (VariableNames.Fault(word) is { } fault)
                {
                    findings.Error(attribute.ValueOffset + attribute.Value.IndexOf(word, StringComparison.Ordinal), $"{fault}; write {name}=\"NAME NAME\"");
                }
                else
                {
                    names.Add(word);
                }
            }
        }

        return [.. names.Distinct()];
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
