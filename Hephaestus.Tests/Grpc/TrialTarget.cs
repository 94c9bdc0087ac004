using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;

namespace Hephaestus.Tests.Grpc;

/// <summary>How a server is reached.</summary>
public enum Transport
{
    ClearText,
    Tls,
    UnixSocket,
}

/// <summary>Where a server is reached.</summary>
/// <param name="Place">localhost:port, or the socket's path.</param>
/// <param name="Certificate">File with the certificate to trust.</param>
internal sealed record TrialTarget(Transport Transport, string Place, string Certificate)
{
    /// <summary>As Python's gRPC writes it.</summary>
    public string ForPython => Transport == Transport.UnixSocket ? "unix:" + Place : Place;

    public string Address => Transport switch
    {
        Transport.UnixSocket => "http://localhost",
        Transport.Tls => "https://" + Place,
        _ => "http://" + Place,
    };

    /// <summary>A channel of the client under test.</summary>
    public GrpcChannel Open(Action<GrpcChannelOptions>? configure = null)
    {
        var options = new GrpcChannelOptions { HttpHandler = Handler(), DisposeHttpClient = true };
        configure?.Invoke(options);
        return GrpcChannel.ForAddress(Address, options);
    }

    public SocketsHttpHandler Handler() => Transport switch
    {
        Transport.UnixSocket => new SocketsHttpHandler { ConnectCallback = (_, token) => ConnectAsync(token) },
        Transport.Tls => new SocketsHttpHandler { SslOptions = Trusting(Certificate) },
        _ => new SocketsHttpHandler(),
    };

    private static SslClientAuthenticationOptions Trusting(string certificate) => new()
    {
        CertificateChainPolicy = new X509ChainPolicy
        {
            RevocationMode = X509RevocationMode.NoCheck,
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(certificate) },
        },
    };

    private async ValueTask<Stream> ConnectAsync(CancellationToken token)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Place), token);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
