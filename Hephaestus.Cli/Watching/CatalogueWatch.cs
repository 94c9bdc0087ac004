using System.Runtime.CompilerServices;
using Hephaestus.Cli.Connection;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Watching;

/// <summary>
/// The catalogue as it changes. After a broken connection the server sends all of it again; what had been told before is
/// told only where it has changed.
/// </summary>
internal sealed class CatalogueWatch(Session session, string set)
{
    private readonly Dictionary<(string Set, string Name), PlanSummary> _plans = [];
    private readonly HashSet<string> _sets = new(StringComparer.Ordinal);
    private CatalogueSnapshot? _coming;
    private bool _complete;

    /// <summary>First the whole catalogue as one change, then each change; none is empty but the first may be.</summary>
    /// <exception cref="Grpc.Core.RpcException">The server refused, was never there, or has been away for too long.</exception>
    public async IAsyncEnumerable<CatalogueChange> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var stream = new StreamCall<CatalogueUpdate>(() => Open(cancellation));
        await foreach (var update in session.Patience.ReadAsync(stream, cancellation))
        {
            var change = update.UpdateCase switch
            {
                CatalogueUpdate.UpdateOneofCase.Snapshot => Take(update.Snapshot),
                CatalogueUpdate.UpdateOneofCase.Change => New(update.Change),
                _ => null,
            };
            if (change is not null && (!_complete || change.CalculateSize() > 0))
            {
                _complete = true;
                Apply(change);
                yield return change;
            }
        }
    }

    private Grpc.Core.AsyncServerStreamingCall<CatalogueUpdate> Open(CancellationToken cancellation)
    {
        _coming = null;
        return session.Client.WatchCatalogue(new WatchCatalogueRequest { Set = set }, cancellationToken: cancellation);
    }

    /// <summary>Gathers a snapshot; when it is complete, what it changes.</summary>
    private CatalogueChange? Take(CatalogueSnapshot part)
    {
        _coming ??= new CatalogueSnapshot();
        _coming.MergeFrom(part);
        if (!part.Complete)
        {
            return null;
        }

        var change = new CatalogueChange();
        change.SetsAdded.Add(_coming.Sets);
        change.SetsRemoved.Add(_sets.Except(_coming.Sets));
        change.Plans.Add(_coming.Plans);
        change.PlansRemoved.Add(_plans.Keys
            .Except(_coming.Plans.Select(plan => (plan.Set, plan.Name)))
            .Select(plan => new PlanName { Set = plan.Set, Name = plan.Name }));
        _coming = null;
        return New(change);
    }

    /// <summary>What of a change is not known yet.</summary>
    private CatalogueChange New(CatalogueChange change)
    {
        var news = new CatalogueChange();
        news.SetsAdded.Add(change.SetsAdded.Where(name => !_sets.Contains(name)));
        news.SetsRemoved.Add(change.SetsRemoved.Where(_sets.Contains));
        news.Plans.Add(change.Plans.Where(plan => !plan.Equals(_plans.GetValueOrDefault((plan.Set, plan.Name)))));
        news.PlansRemoved.Add(change.PlansRemoved.Where(plan => _plans.ContainsKey((plan.Set, plan.Name))));
        return news;
    }

    private void Apply(CatalogueChange change)
    {
        _sets.UnionWith(change.SetsAdded);
        _sets.ExceptWith(change.SetsRemoved);
        foreach (var plan in change.PlansRemoved)
        {
            _plans.Remove((plan.Set, plan.Name));
        }

        foreach (var plan in change.Plans)
        {
            _plans[(plan.Set, plan.Name)] = plan;
        }
    }
}
