using Grpc.Core;
using Hephaestus.Server.Catalogue;
using Wire = Hephaestus.Protocol;

namespace Hephaestus.Server.Streaming;

internal sealed partial class HephaestusService
{
    public override Task<Wire.List> ListPlanSets(Wire.Empty request, ServerCallContext context) =>
        Task.FromResult(Named(catalogue.Current.Sets.Keys.Where(Seen(context).Covers)));

    public override Task<Wire.List> ListPlans(Wire.PlanSetArg request, ServerCallContext context)
    {
        Check("set", request.Name);
        var set = catalogue.Current.Sets.GetValueOrDefault(request.Name) ?? throw Refusals.NoSuchSet(request.Name);
        return Task.FromResult(Named(set.Plans.Keys));
    }

    public override Task<Wire.PlanDetails> ListPlan(Wire.PlanArg request, ServerCallContext context)
    {
        var entry = Find(request.Set, request.Plan);
        return Task.FromResult(PlanMessages.Details(entry, entry.Reading.Plan ?? throw Refusals.Broken(entry)));
    }

    /// <summary>A position in the changes is a snapshot: a slow subscriber gets the difference from its own to the newest.</summary>
    public override async Task WatchCatalogue(
        Wire.WatchCatalogueRequest request, IServerStreamWriter<Wire.CatalogueUpdate> updates, ServerCallContext context)
    {
        CheckFilter(request.Set);
        var reach = Seen(context);
        var (known, version) = Known(request.Set, reach);
        foreach (var part in CatalogueMessages.Snapshot(known))
        {
            await updates.WriteAsync(part, context.CancellationToken);
        }

        while (true)
        {
            var changed = await catalogue.Snapshots.NextAsync(version, s_heartbeat, context.CancellationToken);
            (var next, version) = Known(request.Set, reach);
            foreach (var part in changed ? CatalogueMessages.Change(CatalogueDifference.Between(known, next)) : [CatalogueMessages.Beat(Heartbeat())])
            {
                await updates.WriteAsync(part, context.CancellationToken);
            }

            known = next;
        }
    }

    private (CatalogueSnapshot Snapshot, long Version) Known(string set, SetGlobs reach)
    {
        var (snapshot, version) = catalogue.Snapshots.Current;
        return (set.Length == 0 ? snapshot.Within(reach) : snapshot.Only(set), version);
    }

    private static Wire.List Named(IEnumerable<string> names)
    {
        var list = new Wire.List();
        list.List_.AddRange(names);
        return list;
    }
}
