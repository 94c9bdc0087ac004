using Hephaestus.Server.Configuration;
using Hephaestus.Server.Journal;

namespace Hephaestus.Server.Executions;

/// <summary>Which logs go, by the rules of the configuration, told one by one from the oldest on.</summary>
/// <param name="Total">All logs of ended executions that are kept, and their bytes.</param>
internal sealed class RetentionRules(RetentionSettings settings, (long Count, long Bytes) total, DateTimeOffset now)
{
    private long _count = total.Count;
    private long _bytes = total.Bytes;

    /// <summary>
    /// The rule by which the oldest log that is left has to go; it counts as gone then. Null: it stays, and so do all that
    /// come after it.
    /// </summary>
    public string? Removes(KeptLog oldest)
    {
        var rule = settings.Days is { } days && oldest.Ended < now.AddDays(-days) ? RetentionSettings.Rule(SettingKeys.KeepDays, days)
            : settings.Count is { } count && _count > count ? RetentionSettings.Rule(SettingKeys.KeepCount, count)
            : settings.Bytes is { } bytes && _bytes > bytes && _count > 1 ? RetentionSettings.Rule(SettingKeys.KeepBytes, bytes)
            : null;
        if (rule is not null)
        {
            (_count, _bytes) = (_count - 1, _bytes - (oldest.Bytes ?? 0));
        }

        return rule;
    }
}
