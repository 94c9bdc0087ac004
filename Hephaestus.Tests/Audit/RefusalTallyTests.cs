using Grpc.Core;
using Hephaestus.Server.Audit;
using Hephaestus.Server.Journal;

namespace Hephaestus.Tests.Audit;

/// <summary>Which refusals are told one by one.</summary>
public sealed class RefusalTallyTests
{
    private static readonly DateTimeOffset s_now = DateTimeOffset.UnixEpoch.AddHours(1);

    private readonly RefusalTally _tally = new();

    [Fact]
    public void Beyond_ten_of_a_kind_they_are_counted_until_it_is_looked()
    {
        Assert.Equal(10, Told(1244, "uid:a"));
        Assert.Equal(10, Told(10, "uid:b"));
        Assert.Equal(10, Told(11, "uid:c"));

        var counts = _tally.Take(s_now).OrderBy(entry => entry.Who).ToArray();

        Assert.Equal([("uid:a", 1234L), ("uid:c", 1L)], counts.Select(entry => (entry.Who, entry.Outcome.Count)));
        Assert.Equal((s_now, "10.0.0.7", "Execute", StatusCode.NotFound, "no such plan", AuditSubject.Nothing), Words(counts[0]));
        // A single one needs no summary.
        Assert.Equal(Refusal("uid:c", 10), counts[1]);
        Assert.Empty(_tally.Take(s_now));
        Assert.Equal(10, Told(20, "uid:a"));
    }

    [Fact]
    public void Kinds_without_end_become_one()
    {
        var told = Enumerable.Range(0, 5000).Count(caller => Told(2, $"uid:{caller}") > 0);

        // Two of each, up to a thousand in all; what comes then is counted, of the first thousand callers by caller.
        Assert.Equal(500, told);
        var counts = _tally.Take(s_now);
        Assert.Equal(501, counts.Length);
        Assert.Equal(("", "", "", 8000L), Counted(Assert.Single(counts, entry => entry.Who.Length == 0)));
        Assert.Equal(1000, counts.Where(entry => entry.Who.Length > 0).Sum(entry => entry.Outcome.Count));
    }

    private int Told(int refusals, string who) => Enumerable.Range(0, refusals).Count(number => _tally.IsToldAlone(Refusal(who, number)));

    private static AuditEntry Refusal(string who, int number) => new(
        DateTimeOffset.UnixEpoch.AddSeconds(number), who, "10.0.0.7", "Execute", new AuditSubject("set", $"plan{number}"),
        new AuditOutcome(StatusCode.NotFound, "no such plan"));

    private static object Words(AuditEntry entry) =>
        (entry.Time, entry.Origin, entry.Call, entry.Outcome.Status, entry.Outcome.Detail, entry.Subject);

    private static (string, string, string, long) Counted(AuditEntry entry) => (entry.Who, entry.Origin, entry.Call, entry.Outcome.Count);
}
