using System.Collections.Immutable;
using Grpc.Core;
using Hephaestus.Server.Journal;

namespace Hephaestus.Server.Audit;

/// <summary>
/// Which refusals are told one by one, and how many of each kind are not: since the last look at most
/// <see cref="Singly"/> of one caller, origin, call and status, and <see cref="MostSingly"/> of all. Safe for many threads.
/// </summary>
internal sealed class RefusalTally
{
    public const int Singly = 10;

    public const int MostSingly = 1000;

    /// <summary>Kinds that are told apart; all others are one.</summary>
    public const int MostKinds = 1000;

    private static readonly Kind s_others = new("", "", "", StatusCode.Unknown);

    private readonly Lock _gate = new();
    private readonly Dictionary<Kind, Tally> _kinds = [];
    private int _singly;

    /// <summary>Whether a refusal is told by itself; otherwise it is counted.</summary>
    public bool IsToldAlone(AuditEntry refused)
    {
        lock (_gate)
        {
            var tally = Of(refused);
            if (tally.Told < Singly && _singly < MostSingly)
            {
                (tally.Told, _singly) = (tally.Told + 1, _singly + 1);
                return true;
            }

            (tally.Counted, tally.Newest) = (tally.Counted + 1, refused);
            return false;
        }
    }

    /// <summary>What was counted, a record for each kind; begins anew.</summary>
    public ImmutableArray<AuditEntry> Take(DateTimeOffset now)
    {
        lock (_gate)
        {
            ImmutableArray<AuditEntry> counts = [.. _kinds.Where(each => each.Value.Counted > 0).Select(each => Record(each.Key, each.Value, now))];
            _kinds.Clear();
            _singly = 0;
            return counts;
        }
    }

    private static AuditEntry Record(Kind kind, Tally tally, DateTimeOffset now) => tally switch
    {
        { Counted: 1, Newest: { } single } => single,
        _ when kind == s_others => new AuditEntry(
            now, "", "", "", AuditSubject.Nothing,
            new AuditOutcome(StatusCode.Unknown, "of many callers, calls and statuses", Count: tally.Counted)),
        _ => tally.Newest! with { Time = now, Subject = AuditSubject.Nothing, Outcome = tally.Newest.Outcome with { Count = tally.Counted } },
    };

    private Tally Of(AuditEntry refused)
    {
        var kind = new Kind(refused.Who, refused.Origin, refused.Call, refused.Outcome.Status);
        if (!_kinds.TryGetValue(kind, out var tally))
        {
            kind = _kinds.Count < MostKinds ? kind : s_others;
            tally = _kinds.TryGetValue(kind, out var others) ? others : _kinds[kind] = new Tally();
        }

        return tally;
    }

    private readonly record struct Kind(string Who, string Origin, string Call, StatusCode Status);

    private sealed class Tally
    {
        public int Told { get; set; }

        public long Counted { get; set; }

        public AuditEntry? Newest { get; set; }
    }
}
