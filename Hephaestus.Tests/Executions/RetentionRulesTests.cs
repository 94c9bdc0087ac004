using Hephaestus.Server.Configuration;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Journal;

namespace Hephaestus.Tests.Executions;

/// <summary>Which logs go.</summary>
public sealed class RetentionRulesTests
{
    private static readonly DateTimeOffset s_now = DateTimeOffset.UnixEpoch.AddYears(56);

    [Fact]
    public void Without_rules_all_stay() => Assert.Equal("", Gone(new RetentionSettings(null, null, null), 100, 0));

    [Fact]
    public void Those_go_that_ended_longer_ago_than_the_days_say() =>
        Assert.Equal("4 3", Gone(new RetentionSettings(3, null, null), [10, 10, 10, 10, 10]));

    [Fact]
    public void Those_go_that_are_more_than_the_count_says() =>
        Assert.Equal("4 3 2", Gone(new RetentionSettings(null, 2, null), [10, 10, 10, 10, 10]));

    [Fact]
    public void The_oldest_go_until_the_rest_fits_in_the_bytes() =>
        Assert.Equal("4 3 2", Gone(new RetentionSettings(null, null, 60), [10, 50, 60, 30, 30]));

    [Fact]
    public void What_fits_exactly_stays() => Assert.Equal("", Gone(new RetentionSettings(3, 3, 30), [10, 10, 10]));

    [Fact]
    public void The_newest_stays_however_large_it_is() =>
        Assert.Equal("1", Gone(new RetentionSettings(null, null, 5), [10, 100]));

    [Fact]
    public void Of_several_rules_each_one_is_kept_to()
    {
        Assert.Equal("4 3 2", Gone(new RetentionSettings(4, 2, 1000), [10, 10, 10, 10, 10]));
        Assert.Equal("4 3 2 1", Gone(new RetentionSettings(1, 4, 10), [10, 10, 10, 10, 10]));
    }

    [Fact]
    public void The_rule_is_named_by_which_a_log_goes()
    {
        var rules = new RetentionRules(new RetentionSettings(3, 2, 20L << 30), (4, 40L << 30), s_now);

        Assert.Equal("history.keep_days = 3", rules.Removes(Log(4, 10L << 30)));
        Assert.Equal("history.keep_count = 2", rules.Removes(Log(2, 5L << 30)));
        Assert.Equal("history.keep_bytes = 20G", rules.Removes(Log(1, 10L << 30)));
        Assert.Null(rules.Removes(Log(0, 15L << 30)));
    }

    /// <param name="bytes">From the oldest on.</param>
    /// <returns>How many days ago those ended that go.</returns>
    private static string Gone(RetentionSettings settings, params long[] bytes)
    {
        var rules = new RetentionRules(settings, (bytes.Length, bytes.Sum()), s_now);
        var logs = bytes.Select((size, at) => Log(bytes.Length - 1 - at, size));
        return string.Join(' ', logs.TakeWhile(log => rules.Removes(log) is not null).Select(log => (s_now - log.Ended).Days));
    }

    private static KeptLog Log(int daysAgo, long bytes) => new(1, s_now.AddDays(-daysAgo).AddHours(-1), bytes);
}
