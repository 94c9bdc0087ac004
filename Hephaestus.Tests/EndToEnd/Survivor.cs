using Grpc.Core;
using Hephaestus.Protocol;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>A server that a crash point ends at some moment, and the one that is started in its place.</summary>
internal sealed class Survivor : IAsyncDisposable
{
    private readonly ServerHome _home;
    private readonly string _mark;
    private ServerProcess? _server;
    private ServerClient? _client;

    private Survivor(ServerHome home)
    {
        _home = home;
        _mark = Path.Combine(home.Directory, "crashed");
    }

    /// <summary>The environment of a process that is to die at a crash point; only one of those that have it does.</summary>
    public static (string Name, string Value)[] DyingAt(ServerHome home, string point) =>
        [("HEPHAESTUS_CRASH_AT", point), ("HEPHAESTUS_CRASH_MARK", new Survivor(home)._mark)];

    /// <summary>Whether the process that was to die has died.</summary>
    public bool HasCrashed => File.Exists(_mark);

    public ServerProcess Server => _server ?? throw new InvalidOperationException("No server is up.");

    /// <summary>Starts a server with a crash point; if it dies before it listens, another one.</summary>
    /// <param name="point">As HEPHAESTUS_CRASH_AT has it.</param>
    public static async Task<Survivor> StartAsync(ServerHome home, string point)
    {
        var survivor = new Survivor(home);
        await survivor.StartAsync(DyingAt(home, point));
        return survivor;
    }

    /// <summary>Completes when the crash has happened and a server is up.</summary>
    public async Task CrashedAsync()
    {
        var crashed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var watcher = new FileSystemWatcher(_home.Directory, Path.GetFileName(_mark));
        watcher.Renamed += (_, _) => crashed.TrySetResult();
        watcher.EnableRaisingEvents = true;
        if (!HasCrashed)
        {
            await crashed.Task.DefaultTimeout();
        }

        var victim = int.Parse(File.ReadAllText(_mark));
        await Remnants.GoneAsync(victim);
        if (victim == Server.Pid)
        {
            await Server.ExitedAsync();
            await StartAsync();
        }
    }

    /// <summary>Asks the server, and again the next one if it dies over that.</summary>
    public async Task<T> DoAsync<T>(Func<ServerClient, Task<T>> ask)
    {
        for (var restarted = false; ; restarted = true)
        {
            try
            {
                return await ask(_client!);
            }
            catch (RpcException broken) when (!restarted && HasCrashed && broken.StatusCode is not StatusCode.NotFound)
            {
                await Server.ExitedAsync();
                await StartAsync();
            }
        }
    }

    /// <summary>Asks the server for what it will die over, and waits until it has; another one is not started yet.</summary>
    public async Task DieAsync(Func<ServerClient, Task> ask)
    {
        try
        {
            await ask(_client!);
        }
        catch (RpcException)
        {
            // It died before it answered.
        }

        await Server.ExitedAsync();
    }

    /// <summary>Cancels; where the answer got lost, what the next server knows tells whether it was heard.</summary>
    public Task<Execution> CancelAsync(uint id) => DoAsync(
        async client => await client.GetAsync(id) is { CancelledBy: not "" } asked ? asked : await client.CancelAsync(id));

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    private async Task StartAsync(params (string Name, string Value)[] environment)
    {
        await DisposeAsync();
        _server = await _home.TryStartAsync(environment) ?? await _home.StartAsync();
        _client = new ServerClient(_server);
    }
}
