using System.Collections.Concurrent;
using System.Diagnostics;
using Hephaestus.Server.Facts;
using Hephaestus.Server.Supervision;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Logs;

/// <summary>
/// Moves the output of all running steps from their FIFOs into files, inside the kernel. A few threads share one epoll:
/// each takes the next source that has something to do, gives it one turn of at most 1 MiB and arms it again, so that a
/// stalled disk or a chatty step stops nobody else. Every source waits in the epoll or in <see cref="Deadlines"/>, at most
/// once each: there is no queue.
/// </summary>
internal sealed class Pump : IDisposable
{
    private const int StopKey = 0;
    private const int TimerKey = 1;

    private readonly SafeFileHandle _epoll = Libc.NewEpoll();
    private readonly SafeFileHandle _stop = Libc.NewEvent();
    private readonly SafeFileHandle _timer = Libc.NewTimer();
    private readonly ConcurrentDictionary<int, PumpedSource> _sources = [];
    private readonly Thread[] _threads;
    private readonly Deadlines _deadlines;
    private readonly Lock _gate = new();
    private int _lastKey = TimerKey;

    /// <param name="directory">A directory on the filesystem that holds the logs, to try splice there.</param>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    public Pump(string directory, PumpOptions options)
    {
        Options = options;
        Splices = !options.Copy && SpliceCheck.Works(directory);
        _deadlines = new Deadlines(_timer);
        Libc.Watch(_epoll, Libc.EPOLL_CTL_ADD, _stop, Libc.EPOLLIN, StopKey);
        Libc.Watch(_epoll, Libc.EPOLL_CTL_ADD, _timer, Libc.EPOLLIN | Libc.EPOLLONESHOT, TimerKey);
        _threads = [.. Enumerable.Range(0, Math.Clamp(Environment.ProcessorCount, 2, 4)).Select(Started)];
    }

    /// <summary>Whether bytes never pass through this process, so that killing it loses none.</summary>
    public bool Splices { get; }

    /// <summary>How many sources wait for space on the disk, and why.</summary>
    public Latest<PumpStall> Stall { get; } = new(new PumpStall(0, null));

    internal PumpOptions Options { get; }

    internal EmptyPipe Spare { get; } = new();

    /// <summary>Begins to pump an attempt's output; what was pumped before a restart is gone on with.</summary>
    /// <param name="late">The attempt's end is settled already: what comes is late output, for as long as that is waited for.</param>
    /// <exception cref="IOException">A FIFO cannot be opened or waited for; nothing is held then.</exception>
    public PumpedAttempt Attach(ExecutionLog log, PumpedOutput output, PumpedOutput error, bool late = false)
    {
        var sources = new List<PumpedSource>(2);
        try
        {
            sources.Add(Opened(log, output, late));
            sources.Add(Opened(log, error, late));
            sources.ForEach(Watch);
        }
        catch
        {
            sources.ForEach(source => source.Dispose());
            throw;
        }

        var attempt = new PumpedAttempt(sources[0], sources[1]);
        sources.ForEach(source => source.Begin());
        return attempt;
    }

    /// <summary>Stops pumping: FIFOs are closed as they are, and nobody is told of an end.</summary>
    public void Dispose()
    {
        _deadlines.Stop();
        Libc.Signal(_stop);
        foreach (var thread in _threads)
        {
            thread.Join();
        }

        foreach (var source in _sources.Values)
        {
            source.Dispose();
        }

        Spare.Dispose();
        _timer.Dispose();
        _stop.Dispose();
        _epoll.Dispose();
    }

    internal void Rearm(PumpedSource source) =>
        Libc.Watch(_epoll, Libc.EPOLL_CTL_MOD, source.Fifo, Libc.EPOLLIN | Libc.EPOLLONESHOT, source.Key);

    /// <summary>Gives the source a turn at that time, or earlier.</summary>
    internal void Schedule(PumpedSource source, long at) => _deadlines.Set(source, at);

    /// <summary>Says that a source waits for space, or no longer.</summary>
    internal void Stalled(int change, string? reason)
    {
        lock (_gate)
        {
            var sources = Stall.Value.Sources + change;
            Stall.Set(new PumpStall(sources, sources == 0 ? null : reason ?? Stall.Value.Reason));
        }
    }

    internal void Remove(PumpedSource source)
    {
        _deadlines.Remove(source);
        _sources.TryRemove(source.Key, out _);
    }

    private void Watch(PumpedSource source) =>
        Libc.Watch(_epoll, Libc.EPOLL_CTL_ADD, source.Fifo, Libc.EPOLLIN | Libc.EPOLLONESHOT, source.Key);

    private PumpedSource Opened(ExecutionLog log, PumpedOutput output, bool late)
    {
        var fifo = Libc.Open(output.Fifo, Libc.O_RDONLY | Libc.O_NONBLOCK);
        var source = new PumpedSource(this, log, output.File, fifo, late)
        {
            Key = Interlocked.Increment(ref _lastKey),
        };
        _sources[source.Key] = source;
        return source;
    }

    private Thread Started(int number)
    {
        var thread = new Thread(Run) { IsBackground = true, Name = $"pump {number}" };
        thread.Start();
        return thread;
    }

    private void Run()
    {
        while (Libc.Wait(_epoll) is var happened && happened.Key != StopKey)
        {
            if (happened.Key == TimerKey)
            {
                RunDue();
            }
            else if (_sources.TryGetValue(happened.Key, out var source))
            {
                source.Run((happened.Events & Libc.EPOLLHUP) != 0);
            }
        }
    }

    /// <summary>The timer is armed again before anything runs, so that another thread takes what falls due meanwhile.</summary>
    private void RunDue()
    {
        var due = _deadlines.Due(Stopwatch.GetTimestamp());
        Libc.Watch(_epoll, Libc.EPOLL_CTL_MOD, _timer, Libc.EPOLLIN | Libc.EPOLLONESHOT, TimerKey);
        foreach (var source in due)
        {
            source.Run(hungUp: false);
        }
    }
}
