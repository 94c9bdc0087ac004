using Hephaestus.Server.Supervision.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Supervision;

/// <summary>The attempts that the supervisor holds: from their start until their output is drained. Thread-safe.</summary>
internal sealed class HeldAttempts
{
    private const uint ProtocolVersion = 1;

    private readonly object _gate = new();
    private readonly Dictionary<Key, HeldAttempt> _byKey = [];
    private readonly Dictionary<int, HeldAttempt> _byPid = [];
    private readonly AttemptSpawner _spawner = new();
    private bool _spawned;

    /// <summary>Some process has not ended.</summary>
    public bool AnyRuns
    {
        get
        {
            lock (_gate)
            {
                return _byPid.Count > 0;
            }
        }
    }

    /// <summary>Nothing is held.</summary>
    public bool AreNone
    {
        get
        {
            lock (_gate)
            {
                return _byKey.Count == 0;
            }
        }
    }

    /// <summary>Spawns the attempt, unless that was done before.</summary>
    public Reply Start(Start start)
    {
        lock (_gate)
        {
            if (_byKey.TryGetValue(start.Key, out var held))
            {
                return Started(held.Attempt, earlier: true, held: true);
            }

            var alone = _byKey.Count == 0 && !Libc.HasChildren();
            var (reply, spawned) = _spawner.Spawn(start);
            if (spawned is not null)
            {
                Hold(spawned, alone);
            }

            return reply;
        }
    }

    /// <summary>All that are held, and who holds them.</summary>
    public Attempts List()
    {
        lock (_gate)
        {
            return new Attempts
            {
                Attempts_ = { _byKey.Values.Select(held => held.Attempt.Clone()) },
                Version = CommandLine.ProgramVersion,
                Protocol = ProtocolVersion,
                Pid = Environment.ProcessId,
            };
        }
    }

    /// <summary>Lets go of an attempt's FIFOs and forgets it.</summary>
    public Reply Release(Key key)
    {
        lock (_gate)
        {
            if (_byKey.Remove(key, out var held))
            {
                _byPid.Remove(held.Attempt.Pid);
                _spawner.Return(held);
            }
        }

        return new Reply { Done = new Done() };
    }

    /// <summary>Records how a child ended, before it is reaped; null: it is no attempt's own process.</summary>
    public Attempt? Record(ChildExit exit)
    {
        lock (_gate)
        {
            if (!_byPid.Remove(exit.Pid, out var held))
            {
                return null;
            }

            held.Attempt.Exit = ExitOf(exit);
            held.Write();
            return held.Attempt.Clone();
        }
    }

    /// <summary>Returns when a process was spawned since the last call: orphans come only where a step has been.</summary>
    public void WaitForChildren()
    {
        lock (_gate)
        {
            while (!_spawned)
            {
                Monitor.Wait(_gate);
            }

            _spawned = false;
        }
    }

    private void Hold(HeldAttempt spawned, bool alone)
    {
        foreach (var other in _byKey.Values)
        {
            other.Attempt.Alone = false;
        }

        spawned.Attempt.Alone = alone;
        _byKey[spawned.Attempt.Key] = _byPid[spawned.Attempt.Pid] = spawned;
        _spawned = true;
        Monitor.Pulse(_gate);
    }

    internal static Reply Started(Attempt attempt, bool earlier, bool held) =>
        new() { Started = new Started { Attempt = attempt.Clone(), Earlier = earlier, Held = held } };

    private static Exit ExitOf(ChildExit child)
    {
        var exit = new Exit
        {
            WallClock = (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond,
            BootClock = Libc.BootClock(),
        };
        if (child.Signal is { } signal)
        {
            exit.Signal = signal;
        }
        else
        {
            exit.Code = child.Code ?? 0;
        }

        return exit;
    }
}

/// <summary>An attempt with what is held for it: a reading end of each FIFO, so that no byte is lost without a server.</summary>
internal sealed record HeldAttempt(Attempt Attempt, string StatusFile, SafeFileHandle Output, SafeFileHandle Error)
{
    /// <summary>Brings the state to the status file. Only a broken disk can refuse; then this process still knows it.</summary>
    public void Write()
    {
        try
        {
            Supervision.StatusFile.Write(StatusFile, Attempt);
        }
        catch (IOException)
        {
            // The server is told all the same, and again by whoever lists.
        }
    }
}
