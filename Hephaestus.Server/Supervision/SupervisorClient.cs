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

    private readonly ConcurrentDictionary<StepKey, WatchedProcess> _watched = new();
    private readonly Latest<SupervisorLink?> _link = new(null);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ulong _openFiles = InheritedLimits.OpenFiles();
    private readonly string _stateDirectory;
    private readonly ILogger _logger;
    private Task _running = Task.CompletedTask;
    private int _child;

    private SupervisorClient(string stateDirectory, ILogger logger) => (_stateDirectory, _logger) = (stateDirectory, logger);

    /// <summary>Process id of the supervisor; 0: none is connected.</summary>
    public int Pid { get; private set; }

    /// <summary>Connects to the supervisor of a state directory, or starts one.</summary>
    /// <exception cref="SupervisorException">There is none, and none can be started.</exception>
    public static async Task<SupervisorClient> ConnectAsync(string stateDirectory, ILogger logger, CancellationToken cancellation)
    {
        var client = new SupervisorClient(stateDirectory, logger);
        var link = await client.OpenAsync(cancellation);
        client._running = client.RunAsync(link);
        return client;
    }

    /// <summary>Starts an attempt, or learns what came of an earlier request to.</summary>
    public async Task<SpawnAnswer> StartAsync(SpawnRequest request, CancellationToken cancellation)
    {
        var (account, fault) = AccountOf(request.User);
        if (fault is not null && !await IsKnownAsync(request.Key, cancellation))
        {
            return new SpawnAnswer.CouldNotStart(fault);
        }

        var reply = await AskAsync(new Request { Start = request.ToMessage(account, _openFiles) }, cancellation);
        switch (reply.ReplyCase)
        {
            case Reply.ReplyOneofCase.Started:
                Watch(request, reply.Started);
                return new SpawnAnswer.Started(reply.Started.Attempt.Pid);
            case Reply.ReplyOneofCase.NotStarted when reply.NotStarted.IsFinal:
                return new SpawnAnswer.CouldNotStart(reply.NotStarted.Reason);
            default:
                return new SpawnAnswer.Refused(reply.NotStarted?.Reason ?? "the supervisor does not understand the request");
        }
    }

    /// <summary>All attempts that the supervisor holds.</summary>
    public async Task<ImmutableArray<SupervisedAttempt>> ListAsync(CancellationToken cancellation)
    {
        var reply = await AskAsync(new Request { List = new List() }, cancellation);
        return
        [
            .. from attempt in reply.Attempts.Attempts_
               select new SupervisedAttempt(attempt.Key.ToKey(), attempt.Pid, attempt.StartTicks),
        ];
    }

    /// <summary>Whether the supervisor holds it.</summary>
    public async Task<bool> IsKnownAsync(StepKey key, CancellationToken cancellation) =>
        (await ListAsync(cancellation)).Any(attempt => attempt.Key == key);

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

    private static (Account? Account, string? Fault) AccountOf(string? user)
    {
        if (user is null)
        {
            return (null, null);
        }

        try
        {
            return Libc.FindUser(user) switch
            {
                null => (null, $"there is no user '{user}' on this machine"),
                var account when account.User == Libc.User() => (null, null),
                _ when Libc.User() != 0 => (null, $"only a server that runs as root can run a step as another user, here '{user}'"),
                var account => (account, null),
            };
        }
        catch (IOException fault)
        {
            return (null, $"the user '{user}' cannot be looked up: {fault.Message}");
        }
    }

    private void Watch(SpawnRequest request, Started started)
    {
        var watched = Watched(request.Key);
        watched.Identify(started.Attempt, request.Files.Status);
        if (started.Attempt.Exit is { } exit)
        {
            watched.End(exit.ToExit());
        }
        else if (!started.Held)
        {
            watched.WatchAlone(_stopping.Token);
        }
    }

    private async Task<Reply> AskAsync(Request request, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _stopping.Token);
        while (true)
        {
            var (link, version) = _link.Current;
            if (link is not null && await link.AskAsync(request, either.Token) is { } reply)
            {
                return reply;
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
            catch (SupervisorException fault)
            {
                _logger.LogError("{Fault}", fault.Message);
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

            Libc.ReapIfEnded(_child);
            if (!await SupervisorLauncher.StartAsync(_stateDirectory, pid => _child = pid, cancellation))
            {
                await Task.Delay(s_pause, cancellation);
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
        if (await link.AskAsync(new Request { List = new List() }, cancellation) is not { Attempts: { } held })
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
