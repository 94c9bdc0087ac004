using System.Collections.Immutable;

namespace Hephaestus.Server.Executions;

/// <summary>
/// Whose turn it is: at most <paramref name="limit"/> executions run at once, the others wait in the order of their ids.
/// </summary>
internal sealed class Turns(int limit)
{
    private readonly Lock _gate = new();
    private readonly HashSet<uint> _running = [];
    private readonly SortedSet<uint> _waiting = [];

    /// <summary>How many wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>One that ran before a restart goes on, whatever the limit is now.</summary>
    public void Resume(uint id)
    {
        lock (_gate)
        {
            _running.Add(id);
        }
    }

    /// <summary>One more stands in the queue; gives those whose turn has come.</summary>
    public ImmutableArray<uint> Enter(uint id)
    {
        lock (_gate)
        {
            _waiting.Add(id);
            return Admit();
        }
    }

    /// <summary>One has ended, or was cancelled while it waited; gives those whose turn has come.</summary>
    public ImmutableArray<uint> Leave(uint id)
    {
        lock (_gate)
        {
            _running.Remove(id);
            _waiting.Remove(id);
            return Admit();
        }
    }

    private ImmutableArray<uint> Admit()
    {
        var admitted = _waiting.Take(Math.Max(0, limit - _running.Count)).ToImmutableArray();
        _waiting.ExceptWith(admitted);
        _running.UnionWith(admitted);
        return admitted;
    }
}
