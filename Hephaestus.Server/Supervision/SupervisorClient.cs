using System.Collections.Concurrent;
using System.Collections.Immutable;
using Hephaestus.Server.Facts;
using Hephaestus.Server.Supervision.Protocol;
using Microsoft.Extensions.Logging;

namespace Hephaestus.Server.Supervision;

/// <summary>
/// The server's side of the supervisor: finds or starts it, asks it, and is told of exits. Where the connection breaks,
/// it connects again and asks again; should the supervisor itself be gone, a new one is started, and what the old one's
/// steps came to is found out without it.
/// </summary>
internal sealed class SupervisorClient : IAsyncDisposable
{
    private const int MostTries = 50;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);

    /// <summary>For the first answer of a supervisor; one that is stopped or stuck must not hold a start up for ever.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<StepKey, WatchedProcess> _watched = new();
    private readonly Latest<SupervisorLink?> _link = new(null);
    private readonly CancellationTokenSource _stopping = new();
    private readonly SpawnDefaults _defaults = SpawnDefaults.OfThisProcess();
    private readonly string _stateDirectory;
    private readonly string _files;
    private readonly ILogger _logger;
    private Task _running = Task.CompletedTask;
    private int _child;

    private SupervisorClient(string stateDirectory, ILogger logger) =>
        (_stateDirectory, _files, _logger) = (stateDirectory, HeldFiles.In(stateDirectory), logger);

    /// <summary>Process id of the supervisor; 0: none is connected.</summary>
    public int Pid { get; private set; }

    /// <summary>Connects to the supervisor of a state directory, or starts one.</summary>
    /// <exception cref="SupervisorException">There is none, and none can be started.</exception>
    public static async Task<SupervisorClient> ConnectAsync(string stateDirectory, ILogger logger, CancellationToken cancellation)
    {
        var client = new SupervisorClient(stateDirectory, logger);
        Directory.CreateDirectory(client._files, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var link = await client.OpenAsync(cancellation);
        client._running = client.RunAsync(link);
        return client;
    }

    /// <summary>Where the FIFOs and the status file of an attempt are.</summary>
    public HeldFiles FilesOf(StepKey key) => new(_files, key);

    /// <summary>The attempts that are not settled as far as their files tell, whoever was killed.</summary>
    public IEnumerable<StepKey> Unsettled() => HeldFiles.Find(_files);

    /// <summary>Starts an attempt, whose FIFOs exist, or learns what came of an earlier request to.</summary>
    public async Task<SpawnAnswer> StartAsync(SpawnRequest request, CancellationToken cancellation)
    {
        var (account, fault) = Account.Of(request.User);
        if (fault is not null && !await IsStartedAsync(request.Key, cancellation))
        {
            return new SpawnAnswer.CouldNotStart(fault);
        }

        var message = new Request { Start = request.ToMessage(FilesOf(request.Key), account, _defaults) };
        while (true)
        {
            var (reply, version) = await AskAsync(message, cancellation);
            if (reply.Started is not { } started)
            {
                return Refusal(reply);
            }

            var pid = Watch(request, started);
            if (_link.Current.Version == version)
            {
                return new SpawnAnswer.Started(pid);
            }

            // The supervisor has died since, and who came after it may have looked for its attempts before this one was known.
        }
    }

    /// <summary>All attempts that the supervisor holds.</summary>
    public async Task<ImmutableArray<SupervisedAttempt>> ListAsync(CancellationToken cancellation)
    {
        var (reply, _) = await AskAsync(new Request { List = new List() }, cancellation);
        return [.. reply.Attempts.Attempts_.Select(attempt => attempt.ToAttempt())];
    }

    /// <summary>Whether it was started, or may have been: by this supervisor, or by one that was killed.</summary>
    public async Task<bool> IsStartedAsync(StepKey key, CancellationToken cancellation) =>
        (await ListAsync(cancellation)).Any(attempt => attempt.Key == key) || StatusFile.SaysStarted(FilesOf(key).Status);

    /// <summary>The process of a started attempt, which may have ended; null: none is known.</summary>
    public SupervisedAttempt? ProcessOf(StepKey key) => _watched.GetValueOrDefault(key)?.Identity?.ToAttempt();

    /// <summary>Completes when the process of a started attempt has ended; cancelled when this is disposed.</summary>
    public Task<StepExit> ExitOf(StepKey key) => _watched[key].Exit;

    /// <summary>Says that nothing needs to be held for an attempt any more.</summary>
    public async Task DrainedAsync(StepKey key, CancellationToken cancellation)
    {
        await AskAsync(new Request { Drained = new Drained { Key = key.ToMessage() } }, cancellation);
        if (_watched.TryRemove(key, out var watched))
        {
            watched.Dispose();
        }
    }

    /// <summary>Detaches; the supervisor stays while it has something to do.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var watched in _watched.Values)
        {
            watched.Dispose();
        }

        _stopping.Dispose();
    }

    private static SpawnAnswer Refusal(Reply reply) => reply.NotStarted switch
    {
        null => new SpawnAnswer.Refused("the supervisor does not understand the request"),
        { IsFinal: true } refused => new SpawnAnswer.CouldNotStart(refused.Reason),
        var refused => new SpawnAnswer.Refused(refused.Reason),
    };

    /// <summary>Gives its process id; 0: there is no process.</summary>
    private int Watch(SpawnRequest request, Started started)
    {
        var watched = Watched(request.Key);
        var attempt = started.Attempt.Pid == StatusFile.Spawning ? Found(request, started.Attempt.StartTicks) : started.Attempt;
        watched.Identify(attempt, FilesOf(request.Key).Status);
        if (attempt.Exit is { } exit)
        {
            watched.End(exit.ToExit());
        }
        else if (!started.Held)
        {
            watched.WatchAlone(_stopping.Token);
        }

        return attempt.Pid;
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

    /// <summary>The answer, and which connection it came over.</summary>
    private async Task<(Reply Reply, long Link)> AskAsync(Request request, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _stopping.Token);
        while (true)
        {
            var (link, version) = _link.Current;
            if (link is not null && await link.AskAsync(request, either.Token) is { } reply)
            {
                return (reply, version);
            }

            await _link.NextAsync(version, either.Token);
        }
    }

    private async Task RunAsync(SupervisorLink link)
    {
        while (true)
        {
            await using (link)
            {
                _link.Set(link);
                await link.Closed.WaitAsync(_stopping.Token);
                _logger.LogWarning("The supervisor {Pid} is gone; what it held goes on, and another takes its place", Pid);
                _link.Set(null);
            }

            link = await OpenAgainAsync();
            await AdoptAsync(link);
        }
    }

    /// <summary>Without a supervisor no step can start: it is tried until there is one.</summary>
    private async Task<SupervisorLink> OpenAgainAsync()
    {
        while (true)
        {
            try
            {
                return await OpenAsync(_stopping.Token);
            }
            catch (Exception fault) when (fault is SupervisorException or IOException)
            {
                _logger.LogError("No step can be started or cancelled until there is a supervisor: {Fault}", fault.Message);
                await Task.Delay(s_pause, _stopping.Token);
            }
        }
    }

    private async Task<SupervisorLink> OpenAsync(CancellationToken cancellation)
    {
        for (var tries = 0; tries < MostTries; tries++)
        {
            if (await ConnectAsync(cancellation) is { } link)
            {
                return link;
            }

            Libc.Reap(_child);
            if (!await SupervisorLauncher.StartAsync(_stateDirectory, pid => _child = pid, cancellation))
            {
                await Task.Delay(s_pause, cancellation);
                Libc.Reap(_child);
            }
        }

        throw new SupervisorException($"the supervisor of {_stateDirectory} cannot be reached; its supervisor.log may say why");
    }

    /// <summary>Connects, and makes sure that somebody answers: the supervisor may be about to go.</summary>
    private async Task<SupervisorLink?> ConnectAsync(CancellationToken cancellation)
    {
        if (await SupervisorSocket.ConnectAsync(_stateDirectory, cancellation) is not { } socket)
        {
            return null;
        }

        var link = new SupervisorLink(socket, Exited);
        if (await FirstListAsync(link, cancellation) is not { } held)
        {
            await link.DisposeAsync();
            return null;
        }

        Pid = held.Pid;
        foreach (var attempt in held.Attempts_)
        {
            Exited(attempt);
        }

        return link;
    }

    private static async Task<Attempts?> FirstListAsync(SupervisorLink link, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(s_patience);
        try
        {
            return (await link.AskAsync(new Request { List = new List() }, patience.Token))?.Attempts;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            await link.DisposeAsync();
            throw new SupervisorException($"the supervisor does not answer within {s_patience.TotalSeconds} s; is it stopped?");
        }
    }

    private async Task AdoptAsync(SupervisorLink link)
    {
        if (await link.AskAsync(new Request { List = new List() }, _stopping.Token) is { Attempts: { } held })
        {
            var keys = held.Attempts_.Select(attempt => attempt.Key.ToKey()).ToHashSet();
            foreach (var (_, watched) in _watched.Where(watched => !keys.Contains(watched.Key)))
            {
                watched.WatchAlone(_stopping.Token);
            }
        }
    }

    private void Exited(Attempt attempt)
    {
        if (attempt.Exit is { } exit)
        {
            Watched(attempt.Key.ToKey()).End(exit.ToExit());
        }
    }

    /// <summary>An exit may be told before the answer that there is a process.</summary>
    private WatchedProcess Watched(StepKey key) => _watched.GetOrAdd(key, _ => new WatchedProcess());
}
