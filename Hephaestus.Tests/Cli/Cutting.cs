using System.Net;
using System.Net.Sockets;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Cli;

/// <summary>A way to a server whose connections break when the test says so.</summary>
internal sealed class Cutting : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Uri _server;
    private readonly Task _accepting;
    private readonly Lock _lock = new();
    private readonly List<(Socket Near, Socket Far, Task Passing)> _connections = [];

    public Cutting(string server)
    {
        _server = new Uri(server);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Address => $"http://{_listener.LocalEndpoint}";

    /// <summary>Whether connections that are made now get no answer.</summary>
    public bool Deaf { get; set; }

    /// <summary>Breaks all connections; new ones can be made.</summary>
    public async Task CutAsync()
    {
        (Socket Near, Socket Far, Task Passing)[] cut;
        lock (_lock)
        {
            cut = [.. _connections];
            _connections.Clear();
        }

        foreach (var (near, far, passing) in cut)
        {
            near.LingerState = new LingerOption(true, 0);
            near.Close();
            far.Close();
            await passing.DefaultTimeout();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting.DefaultTimeout();
        await CutAsync();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var near = await _listener.AcceptSocketAsync();
                var far = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await far.ConnectAsync(_server.Host, _server.Port);
                lock (_lock)
                {
                    _connections.Add((near, far, Task.WhenAll(CopyAsync(near, far), CopyAsync(far, Deaf ? null : near))));
                }
            }
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException)
        {
            // Nobody is let in any more.
        }
    }

    private static async Task CopyAsync(Socket from, Socket? to)
    {
        try
        {
            await using var reading = new NetworkStream(from);
            await using var writing = to is null ? Stream.Null : new NetworkStream(to);
            await reading.CopyToAsync(writing);
            to?.Shutdown(SocketShutdown.Send);
        }
        catch (Exception broken) when (broken is IOException or SocketException or ObjectDisposedException)
        {
            // It was cut, or the program has ended.
        }
    }
}
