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

    /// <summary>Whether one more would run at once, and what it would wait for.</summary>
    public TurnOutlook Look(PlanKey plan, bool alone)
    {
        lock (_gate)
        {
            ImmutableArray<uint> ofPlan =
            [
                .. _running.Where(running => running.Value == plan).Select(running => running.Key),
                .. _waiting.Where(waiting => waiting.Value.Plan == plan).Select(waiting => waiting.Key),
            ];
            var atOnce = _running.Count < limit && (!alone || !_ofPlan.ContainsKey(plan));
            return new TurnOutlook(atOnce, alone ? ofPlan.Sort() : [], _running.Count, _waiting.Count, limit);
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

/// <summary>What one more execution would find.</summary>
/// <param name="AtOnce">It would run at once.</param>
/// <param name="Before">Those of its plan whose ends it would wait for, since it runs alone.</param>
/// <param name="Running">How many run.</param>
/// <param name="Waiting">How many wait.</param>
/// <param name="Limit">How many run at most.</param>
internal readonly record struct TurnOutlook(bool AtOnce, ImmutableArray<uint> Before, int Running, int Waiting, int Limit);
