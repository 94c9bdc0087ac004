using Hephaestus.Server.Catalogue;
using Wire = Hephaestus.Protocol;

namespace Hephaestus.Server.Streaming;

/// <summary>The catalogue and its changes as the wire's messages, in as many as it takes.</summary>
internal static class CatalogueMessages
{
    /// <summary>Bytes of plans and names after which a message is full; one plan's summary may go beyond.</summary>
    private const int Full = 512 * 1024;

    /// <summary>All sets and plans; the last message says that it is the last.</summary>
    public static IEnumerable<Wire.CatalogueUpdate> Snapshot(CatalogueSnapshot snapshot)
    {
        var part = new Wire.CatalogueSnapshot();
        var size = 0;
        foreach (var set in snapshot.Sets.Values)
        {
            part.Sets.Add(set.Name);
            foreach (var summary in set.Plans.Values.Select(PlanMessages.Summary))
            {
                part.Plans.Add(summary);
                size += summary.CalculateSize();
                if (size >= Full)
                {
                    yield return new Wire.CatalogueUpdate { Snapshot = part };
                    (part, size) = (new Wire.CatalogueSnapshot(), 0);
                }
            }
        }

        part.Complete = true;
        yield return new Wire.CatalogueUpdate { Snapshot = part };
    }

    /// <summary>A difference; nothing when there is none.</summary>
    public static IEnumerable<Wire.CatalogueUpdate> Change(CatalogueChange change)
    {
        var part = new Wire.CatalogueChange();
        part.SetsAdded.AddRange(change.SetsAdded);
        part.SetsRemoved.AddRange(change.SetsRemoved);
        part.PlansRemoved.AddRange(change.PlansRemoved.Select(plan => new Wire.PlanName { Set = plan.Set, Name = plan.Plan }));
        foreach (var summary in change.PlansPut.Select(PlanMessages.Summary))
        {
            part.Plans.Add(summary);
            if (part.CalculateSize() >= Full)
            {
                yield return new Wire.CatalogueUpdate { Change = part };
                part = new Wire.CatalogueChange();
            }
        }

        if (part.CalculateSize() > 0)
        {
            yield return new Wire.CatalogueUpdate { Change = part };
        }
    }

    public static Wire.CatalogueUpdate Beat(Wire.Heartbeat heartbeat) => new() { Heartbeat = heartbeat };
}
