using System.Collections.Immutable;
using Hephaestus.Server.Facts;
using Hephaestus.Server.Supervision.Protocol;
using Microsoft.Extensions.Logging;

namespace Hephaestus.Server.Supervision;

/// <summary>
/// The server's side of the supervisor: asks it, and is told of exits. Where the connection breaks, it connects again and
/// asks again; should the supervisor itself be gone, a new one is started, and what the old one's steps came to is found
/// out without it. One of another version is used until it holds nothing, and then replaced.
/// </summary>
internal sealed class SupervisorClient : IAsyncDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);

    private readonly WatchedProcesses _watched = new();
    private readonly SupervisorUse _use = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly SpawnDefaults _defaults = SpawnDefaults.OfThisProcess();
    private readonly SupervisorConnector _connector;
    private readonly StepCgroups _cgroups;
    private readonly string _files;
    private readonly ILogger _logger;
    private Task _running = Task.CompletedTask;
    private bool _saidWithout;

    private SupervisorClient(string stateDirectory, StepCgroups cgroups, ILogger logger) => (_connector, _files, _cgroups, _logger) =
        (new SupervisorConnector(stateDirectory, _watched.End), HeldFiles.In(stateDirectory), cgroups, logger);

    /// <summary>Process id of the supervisor; 0: none was connected yet.</summary>
    public int Pid { get; private set; }

    /// <summary>Connects to the supervisor of a state directory, or starts one.</summary>
    /// <exception cref="SupervisorException">There is none, and none can be started; or it cannot be talked to.</exception>
    public static async Task<SupervisorClient> ConnectAsync(
        string stateDirectory, StepCgroups cgroups, ILogger logger, CancellationToken cancellation)
    {
        var client = new SupervisorClient(stateDirectory, cgroups, logger);
        Orphans.Reap(client._watched.End);
        Directory.CreateDirectory(client._files, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var link = await client._connector.OpenAsync(cancellation);
        client._running = client.RunAsync(link);
        cgroups.Clean((await client.ListAsync(cancellation)).Select(attempt => attempt.Key).Union(client.Unsettled()));
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

        var cgroup = _cgroups.Of(request);
        var message = new Request { Start = request.ToMessage(FilesOf(request.Key), account, cgroup, _defaults) };
        while (true)
        {
            var (reply, version) = await AskAsync(message, cancellation);
            if (reply.Started is not { } started)
            {
                return Refusal(reply);
            }

            SayWithout(started.Attempt);
            var pid = _watched.Watch(request, started, cgroup, FilesOf(request.Key).Status, _stopping.Token);
            if (!started.Held)
            {
                await AskAsync(HoldOf(request.Key), cancellation);
            }

            if (_use.Version == version)
            {
                return new SpawnAnswer.Started(pid);
            }

            // The supervisor has died since, and who came after it may have looked for its attempts before this one was known.
        }
    }

    /// <summary>All attempts that the supervisor holds.</summary>
    public async Task<ImmutableArray<SupervisedAttempt>> ListAsync(CancellationToken cancellation)
    {
        var (reply, _) = await AskAsync(SupervisorLink.List, cancellation);
        return [.. reply.Attempts.Attempts_.Select(attempt => attempt.ToAttempt())];
    }

    /// <summary>Whether it was started, or may have been: by this supervisor, or by one that was killed.</summary>
    public async Task<bool> IsStartedAsync(StepKey key, CancellationToken cancellation) =>
        (await ListAsync(cancellation)).Any(attempt => attempt.Key == key) || StatusFile.SaysStarted(FilesOf(key).Status);

    /// <summary>The process of a started attempt, which may have ended; null: none is known.</summary>
    public SupervisedAttempt? ProcessOf(StepKey key) => _watched.Find(key)?.Identity?.ToAttempt();

    /// <summary>Completes when the process of a started attempt has ended; cancelled when this is disposed.</summary>
    public Task<StepExit> ExitOf(StepKey key) => Watched(key).Exit;

    /// <inheritdoc cref="WatchedProcess.EndedUnseen"/>
    public Task EndedUnseen(StepKey key) => Watched(key).EndedUnseen;

    /// <summary>Says that nothing needs to be held for an attempt any more.</summary>
    public async Task DrainedAsync(StepKey key, CancellationToken cancellation)
    {
        await AskAsync(new Request { Drained = new Drained { Key = key.ToMessage() } }, cancellation);
        _cgroups.Remove(key, _watched.Find(key)?.Identity?.Cgroup ?? "");
        _watched.Forget(key);
        _use.Look();
    }

    /// <summary>Detaches; the supervisor stays while it has something to do.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _watched.Dispose();
        _stopping.Dispose();
    }

    private WatchedProcess Watched(StepKey key) => _watched.Find(key) ?? throw new ArgumentException($"{key} was not started");

    private static SpawnAnswer Refusal(Reply reply) => reply.NotStarted switch
    {
        null => new SpawnAnswer.Refused(reply.Refused?.Reason ?? "the supervisor does not understand the request"),
        { IsFinal: true } refused => new SpawnAnswer.CouldNotStart(refused.Reason),
        var refused => new SpawnAnswer.Refused(refused.Reason),
    };

    /// <summary>Once, until a step has one again: the reason would be that of every step.</summary>
    private void SayWithout(Attempt attempt)
    {
        var without = attempt.WithoutCgroup.Length > 0;
        if (without && !Interlocked.Exchange(ref _saidWithout, true))
        {
            _logger.LogWarning("Steps run without control groups of their own: {Why}", attempt.WithoutCgroup);
        }

        _saidWithout &= without || attempt.Cgroup.Length == 0;
    }

    /// <summary>The answer, and which connection it came over.</summary>
    private async Task<(Reply Reply, long Link)> AskAsync(Request request, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _stopping.Token);
        return await _use.AskAsync(request, either.Token);
    }

    private async Task RunAsync(SupervisorLink link)
    {
        while (true)
        {
            await using (link)
            {
                Pid = link.Supervisor.Pid;
                _use.Begin(link);
                await UseAsync(link);
            }

            link = await OpenAgainAsync();
            await InheritAsync(link);
        }
    }

    /// <summary>What an earlier supervisor held is held by this one before anybody asks it, so that it outlives the server too.</summary>
    private async Task InheritAsync(SupervisorLink link)
    {
        if (await link.ListAsync(_stopping.Token) is { Attempts: { } held })
        {
            foreach (var orphan in _watched.WatchAllBut(held, _stopping.Token))
            {
                await link.AskAsync(HoldOf(orphan), _stopping.Token);
            }
        }
    }

    private Request HoldOf(StepKey key)
    {
        var files = FilesOf(key);
        return new Request { Hold = new Hold { Key = key.ToMessage(), OutFifo = files.OutFifo, ErrFifo = files.ErrFifo } };
    }

    /// <summary>Completes when the supervisor is gone, or was let go of.</summary>
    private async Task UseAsync(SupervisorLink link)
    {
        var (pid, version, _, isOther) = link.Supervisor;
        if (isOther)
        {
            _logger.LogWarning(
                "The supervisor {Pid} is another build of this program ({Version}); it is used, also for new steps, until it "
                + "holds none, and then replaced",
                pid,
                version);
            if (await _use.UntilIdleAsync(link, () => _watched.AreNone, _stopping.Token))
            {
                await ReplaceAsync(link);
                return;
            }
        }
        else
        {
            await link.Closed.WaitAsync(_stopping.Token);
        }

        _logger.LogWarning("The supervisor {Pid} is gone; what it held goes on, and another takes its place", pid);
        _use.End();
    }

    /// <summary>Nothing is lost in between: whoever wants to start something waits for the next one.</summary>
    private async Task ReplaceAsync(SupervisorLink link)
    {
        CrashPoint.Reach("letting-go");
        if (await _connector.LetGoAsync(link, _stopping.Token))
        {
            _logger.LogWarning("The supervisor {Pid} holds nothing any more and is gone; one of this program takes its place", Pid);
        }
        else
        {
            _logger.LogWarning("The supervisor {Pid} holds nothing any more, but does not go; it is used on", Pid);
        }

        CrashPoint.Reach("let-go");
    }

    /// <summary>Without a supervisor no step can start: it is tried until there is one.</summary>
    private async Task<SupervisorLink> OpenAgainAsync()
    {
        for (var said = ""; ;)
        {
            try
            {
                return await _connector.OpenAsync(_stopping.Token);
            }
            catch (Exception fault) when (fault is SupervisorException or IOException)
            {
                if (fault.Message != said)
                {
                    _logger.LogError("No step can be started or cancelled until there is a supervisor: {Fault}", said = fault.Message);
                }

                await Task.Delay(s_pause, _stopping.Token);
            }
        }
    }
}
