using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using Hephaestus.Protocol;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Audit;

/// <summary>Talks to a server under test by its unix socket, where the tests' own user may do everything.</summary>
internal sealed class LocalClient : IDisposable
{
    private readonly GrpcChannel _channel;

    public LocalClient(ServerHome home)
    {
        var handler = new SocketsHttpHandler { ConnectCallback = (_, cancellation) => ConnectAsync(home.Socket, cancellation) };
        _channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
        Calls = new Protocol.Hephaestus.HephaestusClient(_channel);
    }

    public Protocol.Hephaestus.HephaestusClient Calls { get; }

    /// <summary>All records that pass the filters, the oldest first, gathered from pages of three.</summary>
    public async Task<IReadOnlyList<AuditRecord>> AuditAsync(ListAuditRequest? filters = null)
    {
        var (request, all) = (filters?.Clone() ?? new ListAuditRequest(), new List<AuditRecord>());
        request.PageSize = 3;
        do
        {
            var page = await Calls.ListAuditAsync(request).ResponseAsync.DefaultTimeout();
            all.AddRange(page.Records);
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);

        all.Reverse();
        return all;
    }

    /// <summary>The end of a call that a refusal ends.</summary>
    public static async Task<Status> RefusedAsync(Task call) => (await Assert.ThrowsAsync<RpcException>(() => call.DefaultTimeout())).Status;

    public void Dispose() => _channel.Dispose();

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
