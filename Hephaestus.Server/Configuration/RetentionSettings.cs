using System.Globalization;
using Hephaestus.Protocol.Configuration;

namespace Hephaestus.Server.Configuration;

/// <summary>Which logs of ended executions are kept; of several rules each one is kept to.</summary>
/// <param name="Days">Those that ended within so many days, from 1; null: however old.</param>
/// <param name="Count">The newest so many, from 1; null: however many.</param>
/// <param name="Bytes">The newest that together have no more bytes, from 1, but always the newest one; null: however large.</param>
internal sealed record RetentionSettings(int? Days, int? Count, long? Bytes)
{
    /// <summary>Days for which the audit is kept, from 1.</summary>
    public int AuditDays { get; init; } = 365;

    /// <summary>Whether any log is ever removed.</summary>
    public bool Removes => (Days, Count, Bytes) != (null, null, null);

    /// <summary>The rules as the configuration has them; none: everything is kept.</summary>
    public IEnumerable<string> Describe() =>
        new[] { Rule(SettingKeys.KeepDays, Days), Rule(SettingKeys.KeepCount, Count), Rule(SettingKeys.KeepBytes, Bytes) }.OfType<string>();

    /// <summary>One rule as the configuration has it; null: it is not set.</summary>
    public static string? Rule(string key, long? value) => value is not { } set
        ? null
        : $"{key} = {(key == SettingKeys.KeepBytes ? SizeText.Format(set) : set.ToString(CultureInfo.InvariantCulture))}";
}
