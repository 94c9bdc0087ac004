using System.Diagnostics;
using Hephaestus.Server.Facts;
using Hephaestus.Server.Supervision;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Chaos.Acts;

/// <summary>
/// The server of a round, or the lack of one, and what is done to it. One lane of acts does all of it, so only the newest
/// server is looked at from elsewhere.
/// </summary>
internal sealed class Stage(ServerHome home) : IAsyncDisposable
{
    private readonly Latest<ServerProcess?> _server = new(null);
    private readonly List<ServerProcess> _all = [];

    public ServerHome Home => home;

    /// <summary>What was done, and when.</summary>
    public Chronicle Chronicle { get; } = new();

    /// <summary>All that the servers printed, in their order.</summary>
    public string Said => string.Concat(_all.Select(server => $"==== server {server.Pid}\n{server.Said}"));

    /// <summary>What the servers said went wrong.</summary>
    public IEnumerable<string> Errors =>
        _all.SelectMany(server => server.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));

    /// <summary>The server; completes when there is one.</summary>
    public async Task<ServerProcess> UpAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var (server, version) = _server.Current;
            if (server is not null)
            {
                return server;
            }

            await _server.NextAsync(version, cancellation);
        }
    }

    public async Task StartAsync()
    {
        var server = await home.StartAsync();
        _all.Add(server);
        Chronicle.Up();
        _server.Set(server);
    }

    /// <summary>SIGKILL to whom it hits; a server is started again after a time.</summary>
    public async Task KillAsync(Victim victim, TimeSpan away)
    {
        var server = victim is Victim.Supervisor ? null : Leave();
        if (victim is not Victim.Server && Remnants.SupervisorOf(home) is var supervisor and not 0)
        {
            // Noted before and after: what it was about to record may or may not have been.
            using var killed = Chronicle.KillsSupervisor();
            await Remnants.GoneAsync(supervisor, Signals.Kill);
        }

        if (server is not null)
        {
            await server.KillAsync();
            await Task.Delay(away);
            await StartAsync();
        }
    }

    /// <summary>
    /// Ends the server while the supervisor is suspended, which goes on some time after the next server has begun to
    /// start.
    /// </summary>
    public async Task KillBesideSuspendedAsync(TimeSpan time)
    {
        var supervisor = Remnants.SupervisorOf(home);
        Send(supervisor, Signals.Stop);
        await Leave().KillAsync();
        var starting = StartAsync();
        await Task.Delay(time);
        Send(supervisor, Signals.Continue);
        await starting;
    }

    /// <summary>Ends a server that has just been started in place of the present one, and starts another.</summary>
    public async Task KillStartingAsync(TimeSpan life)
    {
        await Leave().KillAsync();
        var starting = ServerProcess.Launch(home);
        _all.Add(starting);
        await Task.Delay(life);
        await starting.KillAsync();
        await starting.DisposeAsync();
        await StartAsync();
    }

    /// <summary>SIGTERM; a supervisor does not mind.</summary>
    public async Task TerminateAsync(Victim victim, TimeSpan away)
    {
        if (victim is not Victim.Server)
        {
            Send(Remnants.SupervisorOf(home), Signals.Terminate);
            return;
        }

        await StopAsync();
        await Task.Delay(away);
        await StartAsync();
    }

    /// <summary>Ends the server as a service manager does.</summary>
    public async Task StopAsync() => Assert.Equal(0, await Leave().StopAsync());

    /// <summary>SIGSTOP, and after a time SIGCONT.</summary>
    public async Task SuspendAsync(Victim victim, TimeSpan time)
    {
        var server = victim is Victim.Supervisor ? 0 : _server.Value?.Pid ?? 0;
        var supervisor = victim is Victim.Server ? 0 : Remnants.SupervisorOf(home);
        int[] hit = [.. new[] { server, supervisor }.Where(pid => pid != 0)];
        Array.ForEach(hit, pid => Send(pid, Signals.Stop));
        await Task.Delay(time);
        Array.ForEach(hit, pid => Send(pid, Signals.Continue));
    }

    public async ValueTask DisposeAsync() => await home.DisposeAsync();

    private ServerProcess Leave()
    {
        var server = _server.Value ?? throw new UnreachableException("There is a server between the acts.");
        _server.Set(null);
        Chronicle.Down();
        return server;
    }

    /// <summary>Whoever it is may be just ending.</summary>
    private static void Send(int pid, int signal)
    {
        using var process = pid == 0 ? null : Libc.OpenProcess(pid);
        if (process is not null)
        {
            Libc.Signal(process, signal);
        }
    }
}
