using Hephaestus.Protocol;
using Hephaestus.Server.Facts;
using Hephaestus.Tests.Chaos.Acts;

namespace Hephaestus.Tests.Chaos.Observers;

/// <summary>Watches all events from the first on, whatever happens to its connection.</summary>
internal sealed class EventWatcher(Stage stage, Switchboard board, Dice dice)
{
    private readonly Subscription<ExecutionUpdate> _subscription = new(stage, board, dice);
    private readonly Latest<int> _news = new(0);
    private readonly List<ExecutionEvent> _events = [];
    private readonly List<string> _faults = [];
    private ulong _position;

    public IReadOnlyList<string> Faults => _faults;

    public int Connections => _subscription.Connections;

    /// <summary>All that it was told so far.</summary>
    public ExecutionEvent[] Events
    {
        get
        {
            lock (_events)
            {
                return [.. _events];
            }
        }
    }

    public Task RunAsync(CancellationToken end) => _subscription.RunAsync(
        (calls, options) => calls.WatchExecutions(new WatchExecutionsRequest { AfterSequence = _position }, options), Take, end);

    /// <summary>Completes when the events are as wanted.</summary>
    public async Task UntilAsync(Predicate<ExecutionEvent[]> wanted, CancellationToken patience)
    {
        while (true)
        {
            var (_, version) = _news.Current;
            if (wanted(Events))
            {
                return;
            }

            await _news.NextAsync(version, patience);
        }
    }

    private bool Take(ExecutionUpdate update)
    {
        var sequence = update.Event?.Sequence ?? update.Heartbeat?.Sequence ?? _position;
        if (sequence < _position || (update.Event is not null && sequence == _position))
        {
            _faults.Add($"{update.UpdateCase} {sequence} came after {_position}");
        }

        _position = sequence;
        if (update.Event is { } happened)
        {
            lock (_events)
            {
                _events.Add(happened);
            }
        }

        _news.Set(_news.Value + 1);
        return false;
    }
}
