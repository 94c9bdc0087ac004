using System.Collections.Concurrent;
using System.Collections.Immutable;
using Hephaestus.Server.Supervision.Protocol;

namespace Hephaestus.Server.Supervision;

/// <summary>
/// The processes of the attempts that are not drained, as the server knows them, whichever supervisor started them.
/// </summary>
internal sealed class WatchedProcesses : IDisposable
{
    private readonly ConcurrentDictionary<StepKey, WatchedProcess> _byKey = new();

    /// <summary>None is known.</summary>
    public bool AreNone => _byKey.IsEmpty;

    /// <summary>A process that is known to have been; null: none is.</summary>
    public WatchedProcess? Find(StepKey key) => _byKey.GetValueOrDefault(key);

    /// <summary>An exit may be told before the answer that there is a process.</summary>
    public WatchedProcess Known(StepKey key) => _byKey.GetOrAdd(key, _ => new WatchedProcess());

    /// <summary>Takes note of what a supervisor has started. Gives the process id; 0: there is no process.</summary>
    /// <param name="detach">When to stop watching what no supervisor does.</param>
    /// <param name="cgroup">What the attempt was to be born in; null: no control group of its own.</param>
    public int Watch(SpawnRequest request, Started started, StepCgroup? cgroup, string statusFile, CancellationToken detach)
    {
        var watched = Known(request.Key);
        var attempt = started.Attempt.Pid == StatusFile.Spawning ? Found(request, started.Attempt.StartTicks) : started.Attempt;
        if (!started.Held && Directory.Exists(cgroup?.Directory))
        {
            // Only a supervisor makes one, and only to start the attempt in it.
            attempt.Cgroup = cgroup.Directory;
        }

        watched.Identify(attempt, statusFile);
        if (attempt.Exit is { } exit)
        {
            watched.End(exit.ToExit());
        }
        else if (!started.Held)
        {
            watched.WatchAlone(detach);
        }

        return attempt.Pid;
    }

    /// <summary>Takes note of an end that a supervisor tells; of an attempt that runs there is nothing to note.</summary>
    public void End(Attempt attempt)
    {
        if (attempt.Exit is { } exit)
        {
            Known(attempt.Key.ToKey()).End(exit.ToExit());
        }
    }

    /// <summary>Takes note of the end of a child of this process, be it an attempt's own or any other.</summary>
    public void End(ChildExit exit)
    {
        foreach (var watched in _byKey.Values.Where(watched => watched.Identity is { } identity
            && identity.Pid == exit.Pid && identity.StartTicks == ProcessTable.StartOf(exit.Pid)))
        {
            watched.End(new StepExit(exit.Code, exit.Signal, null, DateTimeOffset.UtcNow));
        }
    }

    /// <summary>Watches those that the present supervisor does not hold: theirs is gone. Gives their keys.</summary>
    public ImmutableArray<StepKey> WatchAllBut(Attempts held, CancellationToken detach)
    {
        var keys = held.Attempts_.Select(attempt => attempt.Key.ToKey()).ToHashSet();
        var orphans = _byKey.Where(watched => !keys.Contains(watched.Key)).ToImmutableArray();
        foreach (var (_, watched) in orphans)
        {
            watched.WatchAlone(detach);
        }

        return [.. orphans.Select(orphan => orphan.Key)];
    }

    /// <summary>The attempt is drained.</summary>
    public void Forget(StepKey key)
    {
        if (_byKey.TryRemove(key, out var watched))
        {
            watched.Dispose();
        }
    }

    public void Dispose()
    {
        foreach (var watched in _byKey.Values)
        {
            watched.Dispose();
        }
    }

    /// <summary>
    /// A supervisor was killed while it started the attempt: the first that carries its marks in a session of its own is it.
    /// (What an earlier attempt left is older.)
    /// </summary>
    private static Attempt Found(SpawnRequest request, ulong since)
    {
        var leader = ProcessTable.Read()
            .Where(process => process.Session == process.Pid && process.StartTicks >= since && request.Marks.All(mark => ProcessTable.Carries(process.Pid, mark.Key, mark.Value)))
            .MinBy(process => process.StartTicks);
        return new Attempt { Key = request.Key.ToMessage(), Pid = leader?.Pid ?? 0, StartTicks = leader?.StartTicks ?? 0 };
    }
}
