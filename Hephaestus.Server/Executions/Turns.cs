using System.Collections.Immutable;
using Hephaestus.Server.Catalogue;

namespace Hephaestus.Server.Executions;

/// <summary>
/// Whose turn it is: at most <paramref name="limit"/> executions run at once, the others wait in the order of their ids.
/// One that must not overlap with another of its plan lets others pass while it waits for that.
/// </summary>
internal sealed class Turns(int limit)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<uint, PlanKey> _running = [];
    private readonly Dictionary<PlanKey, int> _ofPlan = [];
    private readonly SortedDictionary<uint, (PlanKey Plan, bool Alone)> _waiting = [];

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
    public void Resume(uint id, PlanKey plan)
    {
        lock (_gate)
        {
            Run(id, plan);
        }
    }

    /// <summary>One more stands in the queue; gives those whose turn has come.</summary>
    /// <param name="alone">It waits until no other execution of its plan runs.</param>
    public ImmutableArray<uint> Enter(uint id, PlanKey plan, bool alone)
    {
        lock (_gate)
        {
            _waiting[id] = (plan, alone);
            return Admit();
        }
    }

    /// <summary>One has ended, or was cancelled while it waited; gives those whose turn has come.</summary>
    public ImmutableArray<uint> Leave(uint id)
    {
        lock (_gate)
        {
            _waiting.Remove(id);
            if (_running.Remove(id, out var plan) && --_ofPlan[plan] == 0)
            {
                _ofPlan.Remove(plan);
            }

            return Admit();
        }
    }

    private ImmutableArray<uint> Admit()
    {
        var admitted = ImmutableArray.CreateBuilder<uint>();
        foreach (var (id, (plan, alone)) in _waiting)
        {
            if (_running.Count >= limit)
            {
                break;
            }

            if (!alone || !_ofPlan.ContainsKey(plan))
            {
                Run(id, plan);
                admitted.Add(id);
            }
        }

        foreach (var id in admitted)
        {
            _waiting.Remove(id);
        }

        return admitted.ToImmutable();
    }

    private void Run(uint id, PlanKey plan)
    {
        if (_running.TryAdd(id, plan))
        {
            _ofPlan[plan] = _ofPlan.GetValueOrDefault(plan) + 1;
        }
    }
}
