using System.Globalization;

namespace Hephaestus.Protocol.Configuration;

/// <summary>Sizes as users write them: a whole number of bytes, or one with <c>K</c>, <c>M</c>, <c>G</c> or <c>T</c>, powers of 1024.</summary>
public static class SizeText
{
    private const string Units = "KMGT";

    /// <summary>What is allowed, for error messages.</summary>
    public const string Allowed = "a whole number of bytes, or one with K, M, G or T (as 20G)";

    /// <summary>False: no size, or one beyond what a long holds.</summary>
    public static bool TryParse(string? text, out long bytes)
    {
        bytes = 0;
        var power = text is [.., var unit] ? Units.IndexOf(unit, StringComparison.Ordinal) + 1 : 0;
        var digits = power > 0 ? text![..^1] : text;
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > long.MaxValue >> (10 * power))
            return false;
        bytes = number << (10 * power);
        return true;
    }

    /// <summary>The shortest form that loses nothing: <c>20G</c>, <c>1500</c>.</summary>
    public static string Format(long bytes)
    {
        var power = 0;
        while (power < Units.Length && bytes != 0 && bytes % 1024 == 0)
        {
            (bytes, power) = (bytes / 1024, power + 1);
        }

        return string.Create(CultureInfo.InvariantCulture, $"{bytes}{(power == 0 ? "" : Units[power - 1])}");
    }
}
