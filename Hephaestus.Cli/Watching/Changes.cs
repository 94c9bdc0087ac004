using Hephaestus.Cli.Connection;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Watching;

/// <summary>Shows changes.</summary>
internal interface IChangeLines
{
    void Write(ExecutionSnapshot snapshot);

    void Write(ExecutionEvent happened);

    /// <param name="first">It is the whole catalogue.</param>
    void Write(CatalogueChange change, bool first);
}

/// <summary>The two watches of a server, shown as one.</summary>
internal sealed class Changes(Session session, IChangeLines lines, WatchExecutionsRequest wanted)
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends only by a failure.</summary>
    public async Task OfExecutionsAsync()
    {
        await foreach (var update in session.WatchAsync(wanted, session.Cancellation))
        {
            switch (update.UpdateCase)
            {
                case ExecutionUpdate.UpdateOneofCase.Snapshot:
                    Show(() => lines.Write(update.Snapshot));
                    _begun.TrySetResult();
                    break;
                case ExecutionUpdate.UpdateOneofCase.Event:
                    Show(() => lines.Write(update.Event));
                    break;
            }
        }
    }

    /// <summary>Ends only by a failure. It begins after the other: whoever sees the catalogue misses no execution.</summary>
    public async Task OfCatalogueAsync()
    {
        await _begun.Task.WaitAsync(session.Cancellation);
        var first = true;
        await foreach (var change in new CatalogueWatch(session, wanted.Set).ReadAsync(session.Cancellation))
        {
            var wantedChange = Wanted(change);
            Show(() => lines.Write(wantedChange, first));
            first = false;
        }
    }

    private CatalogueChange Wanted(CatalogueChange change)
    {
        if (wanted.Plan.Length == 0)
        {
            return change;
        }

        var left = new CatalogueChange();
        left.Plans.Add(change.Plans.Where(plan => plan.Name == wanted.Plan));
        left.PlansRemoved.Add(change.PlansRemoved.Where(plan => plan.Name == wanted.Plan));
        return left;
    }

    /// <summary>The screen takes one at a time.</summary>
    private void Show(Action write)
    {
        lock (_lock)
        {
            write();
            session.Screen.Flush();
        }
    }
}
