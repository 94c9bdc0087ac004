using Hephaestus.Server.Supervision.Protocol;

namespace Hephaestus.Server.Supervision;

/// <summary>
/// The attempts that the supervisor holds: from the request to start them until their output is drained. They are spawned
/// one after another, while exits are recorded and servers answered. Thread-safe.
/// </summary>
internal sealed class HeldAttempts
{
    private readonly object _gate = new();
    private readonly Dictionary<Key, HeldAttempt> _byKey = [];
    private readonly Dictionary<int, HeldAttempt> _byPid = [];
    private readonly AttemptSpawner _spawner = new();

    /// <summary>What is held for attempts of a supervisor that has gone.</summary>
    private readonly Dictionary<Key, InheritedFifos> _inherited = [];

    /// <summary>Starts that were asked for; the first is being made. As many as the server has steps about to start.</summary>
    private readonly Queue<(Start Start, Action<Reply> Answer)> _starting = [];

    /// <summary>Children of unknown ids that ended while one is made, which may be that one.</summary>
    private readonly Dictionary<int, Exit> _early = [];

    /// <summary>Apart from the others: who waits for children is not to be woken by requests.</summary>
    private readonly object _childrenGate = new();
    private bool _spawned;

    /// <summary>Some process has not ended, or is about to be.</summary>
    public bool AnyRuns
    {
        get
        {
            lock (_gate)
            {
                return _byPid.Count > 0 || _starting.Count > 0;
            }
        }
    }

    /// <summary>Nothing is held or about to be.</summary>
    public bool AreNone
    {
        get
        {
            lock (_gate)
            {
                return _byKey.Count == 0 && _starting.Count == 0 && _inherited.Count == 0;
            }
        }
    }

    /// <summary>Has an attempt spawned, unless that was done before.</summary>
    /// <param name="answer">Called when that is done, by the thread that spawns.</param>
    public void Ask(Start start, Action<Reply> answer)
    {
        lock (_gate)
        {
            _starting.Enqueue((start, answer));
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Waits for a start and does it.</summary>
    public void SpawnNext()
    {
        var (start, answer, alone, known) = Next();
        var reply = known ?? Spawn(start, alone);
        if (known is not null)
        {
            Done();
        }

        CrashPoint.Reach("supervisor-answering");
        answer(reply);
    }

    /// <summary>All that are held or about to be, and who holds them.</summary>
    public Attempts List()
    {
        lock (_gate)
        {
            var starting = _starting.Where(asked => !_byKey.ContainsKey(asked.Start.Key))
                .Select(asked => new Attempt { Key = asked.Start.Key, Pid = StatusFile.Spawning });
            return new Attempts
            {
                Attempts_ = { _byKey.Values.Select(held => held.Attempt.Clone()).Concat(starting) },
                Version = CommandLine.ProgramVersion,
                Build = Build.Id,
                Protocol = ProtocolRange.OfThisProgram.Newest,
                OldestProtocol = ProtocolRange.OfThisProgram.Oldest,
                Pid = Environment.ProcessId,
            };
        }
    }

    /// <summary>Holds the FIFOs of an attempt that another supervisor started.</summary>
    public Reply Inherit(Hold hold)
    {
        lock (_gate)
        {
            try
            {
                if (!_byKey.ContainsKey(hold.Key) && !_inherited.ContainsKey(hold.Key))
                {
                    _inherited[hold.Key] = InheritedFifos.Open(hold);
                }

                return new Reply { Done = new Done() };
            }
            catch (IOException fault)
            {
                return new Reply { Refused = new Refused { Reason = fault.Message } };
            }
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

            if (_inherited.Remove(key, out var fifos))
            {
                fifos.Dispose();
            }
        }

        return new Reply { Done = new Done() };
    }

    /// <summary>Records how a child ended, before it is reaped; null: it is no attempt's own process, or not known as one yet.</summary>
    public Attempt? Record(ChildExit exit)
    {
        lock (_gate)
        {
            if (_byPid.Remove(exit.Pid, out var held))
            {
                held.Attempt.Exit = ExitOf(exit);
                held.Write();
                return held.Attempt.Clone();
            }

            if (_starting.Count > 0)
            {
                _early[exit.Pid] = ExitOf(exit);
            }

            return null;
        }
    }

    /// <summary>Returns when a process was spawned since the last call: orphans come only where a step has been.</summary>
    public void WaitForChildren()
    {
        lock (_childrenGate)
        {
            while (!_spawned)
            {
                Monitor.Wait(_childrenGate);
            }

            _spawned = false;
        }
    }

    internal static Reply Started(Attempt attempt, bool earlier, bool held) =>
        new() { Started = new Started { Attempt = attempt.Clone(), Earlier = earlier, Held = held } };

    /// <summary>The first start that was asked for, which stays in the queue; and its answer, if it was done before.</summary>
    private (Start Start, Action<Reply> Answer, bool Alone, Reply? Known) Next()
    {
        lock (_gate)
        {
            while (_starting.Count == 0)
            {
                Monitor.Wait(_gate);
            }

            var (start, answer) = _starting.Peek();
            if (_byKey.TryGetValue(start.Key, out var held))
            {
                return (start, answer, false, Started(held.Attempt, earlier: true, held: true));
            }

            foreach (var other in _byKey.Values)
            {
                other.Attempt.Alone = false;
            }

            return (start, answer, _byKey.Count == 0 && !Libc.HasChildren(), null);
        }
    }

    private Reply Spawn(Start start, bool alone)
    {
        HeldAttempt? held = null;
        try
        {
            (held, var refusal) = _spawner.Spawn(start);
            return held is null ? refusal : Hold(held, alone);
        }
        catch (Exception fault)
        {
            // A request that cannot be answered must not end the parent of all steps.
            return new Reply { NotStarted = new NotStarted { Reason = $"the supervisor failed: {fault.Message}" } };
        }
        finally
        {
            if (held is null)
            {
                Done();
            }
        }
    }

    private Reply Hold(HeldAttempt held, bool alone)
    {
        lock (_gate)
        {
            var attempt = held.Attempt;
            attempt.Alone = alone;
            _byKey[attempt.Key] = held;
            if (_early.TryGetValue(attempt.Pid, out var exit))
            {
                attempt.Exit = exit;
                held.Write();
            }
            else
            {
                _byPid[attempt.Pid] = held;
            }

            TellChildren();
            Done();
            return Started(attempt, earlier: false, held: true);
        }
    }

    private void TellChildren()
    {
        lock (_childrenGate)
        {
            _spawned = true;
            Monitor.Pulse(_childrenGate);
        }
    }

    private void Done()
    {
        lock (_gate)
        {
            _starting.Dequeue();
            _early.Clear();
        }
    }

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
