using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;
using Hephaestus.Server.Access;
using Hephaestus.Server.Supervision;
using Hephaestus.Tests.Configuration;

namespace Hephaestus.Tests.Access;

/// <summary>Adds a token to each request.</summary>
internal sealed class Bearing(string? token, HttpMessageHandler handler) : DelegatingHandler(handler)
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (token is not null)
        {
            request.Headers.Authorization = new("Bearer", token);
        }

        return base.SendAsync(request, cancellationToken);
    }
}

/// <summary>Callers of each kind, one for each column of the matrix, with what they show.</summary>
internal sealed class MatrixCallers : IDisposable
{
    /// <summary>Users and groups of no account.</summary>
    private const uint FirstUser = 71_000;
    private const uint FirstGroup = 72_000;
    private const uint Stranger = 73_000;

    private readonly TemporaryFolder _folder = new();
    private readonly TestAuthority _authority = TestAuthority.Make();
    private readonly Dictionary<string, string> _tokens = [];

    public MatrixCallers()
    {
        using var server = _authority.Server("localhost");
        server.Write(_folder.At("server.pem"), _folder.At("server.key"));
        CertificateFiles.Replace(_folder.At("ca.pem"), _authority.Pem);
        foreach (var column in MatrixTable.Columns)
        {
            var (entry, text) = TokenEntry.Make(column.Name, DateTimeOffset.UtcNow);
            File.AppendAllText(_folder.At("tokens"), $"{entry}\n");
            _tokens[column.Name] = text;
        }
    }

    /// <summary>What makes the server know all of them.</summary>
    public string[] Settings =>
    [
        "host.grpc.tls = yes",
        $"host.grpc.tls.pem = {_folder.At("server.pem")}",
        $"host.grpc.tls.key = {_folder.At("server.key")}",
        $"host.grpc.tls.client_ca = {_folder.At("ca.pem")}",
        "host.grpc.socket.mode = 0666",
        $"access.tokens = {_folder.At("tokens")}",
    ];

    /// <summary>A rule for each that has one; of nobody there is none.</summary>
    public static IEnumerable<string> Rules =>
        from each in MatrixTable.Columns.Select((column, number) => (column, number))
        where each.column.Value is not null
        from principal in new[] { $"cert:{each.column.Name}", $"token:{each.column.Name}", $"uid:{FirstUser + each.number}", $"gid:{FirstGroup + each.number}" }
        select $"{principal} = {each.column.Value}";

    public static GrpcChannel Anonymous(RuledServer server) => Secure(server, null, null);

    public GrpcChannel Bearer(RuledServer server, int column) => Secure(server, null, _tokens[MatrixTable.Columns[column].Name]);

    public GrpcChannel Certified(RuledServer server, int column) =>
        Secure(server, _authority.Client($"CN={MatrixTable.Columns[column].Name}"), null);

    /// <summary>At the unix socket, as a user of that column. Only root can be another one.</summary>
    public static GrpcChannel User(RuledServer server, int column) => Local(server, FirstUser + (uint)column, Stranger, []);

    /// <summary>At the unix socket, as a user without a rule: every other one has the group as its first one.</summary>
    public static GrpcChannel Group(RuledServer server, int column) => int.IsEvenInteger(column)
        ? Local(server, Stranger, FirstGroup + (uint)column, [])
        : Local(server, Stranger, Stranger, [Stranger, FirstGroup + (uint)column]);

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    private static GrpcChannel Secure(RuledServer server, X509Certificate2? certificate, string? token) => GrpcChannel.ForAddress(
        server.Process.Address,
        new GrpcChannelOptions
        {
            HttpHandler = new Bearing(token, new SocketsHttpHandler
            {
                SslOptions = new SslClientAuthenticationOptions
                {
                    // Who the server is is not what this is about.
                    RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null,
                    ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, null, offline: true),
                },
            }),
            DisposeHttpClient = true,
        });

    private static GrpcChannel Local(RuledServer server, uint user, uint group, uint[] groups) => GrpcChannel.ForAddress(
        "http://localhost",
        new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                ConnectCallback = async (_, _) => new NetworkStream(await ConnectedAsync(server.Home.Socket, user, group, groups), ownsSocket: true),
            },
            DisposeHttpClient = true,
        });

    /// <summary>A thread of its own connects: the kernel notes whose it is then.</summary>
    private static Task<Socket> ConnectedAsync(string path, uint user, uint group, uint[] groups)
    {
        var connected = new TaskCompletionSource<Socket>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            var own = Libc.Groups();
            if (Libc.BecomeUser(user, group, groups) is not 0 and var error)
            {
                connected.SetException(new IOException(string.Create(CultureInfo.InvariantCulture, $"not allowed to be user {user}: {error}")));
                return;
            }

            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                socket.Connect(new UnixDomainSocketEndPoint(path));
                connected.SetResult(socket);
            }
            catch (SocketException fault)
            {
                socket.Dispose();
                connected.SetException(fault);
            }
            finally
            {
                Libc.BecomeRoot(own);
            }
        }).Start();
        return connected.Task;
    }
}
