using System.Net.Sockets;
using Grpc.Net.Client;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Access;

/// <summary>A server whose rules of access are changed while it runs.</summary>
internal sealed class RuledServer : IAsyncDisposable
{
    private readonly string[] _settings;
    private int _times;

    private RuledServer(ServerHome home)
    {
        Home = home;
        _settings = File.ReadAllLines(home.Configuration);

        // Other users, who come to the socket in it.
        File.SetUnixFileMode(home.Directory, File.GetUnixFileMode(home.Directory) | UnixFileMode.OtherExecute | UnixFileMode.GroupExecute);
    }

    public ServerHome Home { get; }

    public ServerProcess Process { get; private set; } = null!;

    /// <param name="settings">Other keys than those of access.</param>
    /// <param name="rules">Without <c>access.</c></param>
    public static async Task<RuledServer> StartAsync(string[] settings, params string[] rules)
    {
        var server = new RuledServer(new ServerHome(settings));
        server.Write(rules);
        server.Process = await server.Home.StartAsync();
        return server;
    }

    /// <summary>At the unix socket, as the server's own user.</summary>
    public GrpcChannel Local() => GrpcChannel.ForAddress(
        "http://localhost",
        new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                ConnectCallback = async (_, cancellation) =>
                {
                    var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(Home.Socket), cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                },
            },
            DisposeHttpClient = true,
        });

    /// <summary>Writes other rules; completes when they are in effect.</summary>
    public async Task RuleAsync(params string[] rules) => await Process.SaysAsync($"{Write(rules)}");

    /// <summary>Puts a text in the place of the whole configuration.</summary>
    public void Replace(IEnumerable<string> lines)
    {
        File.WriteAllLines(Home.Configuration + ".new", lines);
        File.Move(Home.Configuration + ".new", Home.Configuration, overwrite: true);
    }

    /// <summary>The configuration with these rules.</summary>
    public string[] With(params string[] rules) => [.. _settings, .. rules.Select(rule => $"access.{rule}")];

    public ValueTask DisposeAsync() => Home.DisposeAsync();

    /// <returns>A rule of nobody that no configuration before had, as the log tells it.</returns>
    private string Write(string[] rules)
    {
        var mark = $"token:mark-{_times++} = none";
        Replace(With([.. rules, mark]));
        return mark;
    }
}
