using System.Collections.Concurrent;

namespace Hephaestus.Tests.Grpc;

/// <summary>Whose server answers.</summary>
public enum Implementation
{
    Ours,
    Python,
}

/// <summary>A server for each implementation and transport, started when a test first asks for it.</summary>
public sealed class TrialServers : IAsyncLifetime
{
    private readonly ConcurrentDictionary<(Implementation, Transport), Lazy<Task<TrialServer>>> _servers = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var server in _servers.Values)
        {
            await (await server.Value).DisposeAsync();
        }
    }

    internal Task<TrialServer> GetAsync(Implementation implementation, Transport transport) =>
        _servers.GetOrAdd((implementation, transport), key => new(() => StartAsync(key.Item1, key.Item2))).Value;

    private static async Task<TrialServer> StartAsync(Implementation implementation, Transport transport) =>
        implementation == Implementation.Ours ? await OwnServer.StartAsync() : await PythonServer.StartAsync(transport);
}
