using Grpc.Core;

namespace Hephaestus.Server.Journal;

/// <summary>A page of the audit, newest first. Filters are met exactly; an empty one is met by all.</summary>
/// <param name="Limit">At most this many records; at least 1.</param>
/// <param name="Before">Only records that come before this one in time; null: from the newest.</param>
/// <param name="Since">Only calls that came then or later; null: all.</param>
/// <param name="RefusedOnly">Only what was not answered with OK.</param>
internal sealed record AuditQuery(
    int Limit,
    AuditPosition? Before = null,
    DateTimeOffset? Since = null,
    string Who = "",
    string Set = "",
    string Call = "",
    bool RefusedOnly = false)
{
    /// <summary>Whether a record meets the filters.</summary>
    public bool Passes(AuditEntry entry) =>
        (Who.Length == 0 || Who == entry.Who)
        && (Set.Length == 0 || Set == entry.Subject.Set)
        && (Call.Length == 0 || Call == entry.Call)
        && !(RefusedOnly && entry.Outcome.Status == StatusCode.OK);
}

/// <summary>Where a record stands: by its time, of several of one time by their numbers.</summary>
/// <param name="Time">In µs since the epoch.</param>
/// <param name="Sequence">From 1, in the order in which they were written.</param>
internal readonly record struct AuditPosition(long Time, long Sequence);

/// <summary>A record and its place.</summary>
internal sealed record PlacedEntry(AuditPosition Position, AuditEntry Entry);

/// <summary>A bounded piece of the audit.</summary>
/// <param name="Next">Where the next page goes on; null: there is none.</param>
internal sealed record AuditPage(IReadOnlyList<PlacedEntry> Entries, AuditPosition? Next);
