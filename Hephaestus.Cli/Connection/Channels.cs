using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;

namespace Hephaestus.Cli.Connection;

/// <summary>Makes the way to a server.</summary>
internal static class Channels
{
    /// <summary>From the first packet to the end of the TLS handshake; the name's resolution is in it.</summary>
    private static readonly TimeSpan s_connecting = TimeSpan.FromSeconds(2);

    /// <summary>After so much silence the server is asked for a sign of life ...</summary>
    private static readonly TimeSpan s_pingDelay = TimeSpan.FromSeconds(20);

    /// <summary>... and has so long to give it, else the connection counts as broken.</summary>
    private static readonly TimeSpan s_pingTimeout = TimeSpan.FromSeconds(10);

    private const int LargestMessage = 4 * 1024 * 1024;

    /// <summary>A channel that connects with its first call.</summary>
    /// <param name="tell">Is told how it connects.</param>
    /// <exception cref="UsageException">The authority's certificate cannot be used.</exception>
    public static GrpcChannel Open(Destination destination, Action<string> tell)
    {
        tell(Describe(destination));
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectTimeout = s_connecting,
            ConnectCallback = (_, cancellation) => ConnectAsync(destination, tell, cancellation),
            PlaintextStreamFilter = (made, _) => ValueTask.FromResult<Stream>(new FirstAnswer(made.PlaintextStream)),
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = s_pingDelay,
            KeepAlivePingTimeout = s_pingTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        };
        handler.SslOptions.EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
        handler.SslOptions.ClientCertificateContext = destination.Credentials.Certificate?.Context;
        if (destination.Authority is { } authority)
        {
            handler.SslOptions.CertificateChainPolicy = Trusting(authority);
        }

        return GrpcChannel.ForAddress(destination.Uri, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = LargestMessage,
        });
    }

    private static string Describe(Destination destination) =>
        $"connecting to {destination.Text} " + destination switch
        {
            { IsSecure: false } => "without TLS",
            { Authority: { } authority } => $"with TLS, expecting the name {destination.Uri.Host} certified by {authority}",
            _ => $"with TLS, expecting the name {destination.Uri.Host} certified by whom the system trusts",
        }
        + (destination.Credentials.Text is { } shown ? $", showing {shown}" : "");

    // The endpoint need not be the name that the certificate bears, so the handler's own way to connect does not do.
    private static async ValueTask<Stream> ConnectAsync(
        Destination destination, Action<string> tell, CancellationToken cancellation)
    {
        var endPoint = destination.EndPoint;
        // .NET says of a missing socket that the address cannot be assigned.
        if (endPoint is UnixDomainSocketEndPoint local && !File.Exists(local.ToString()))
        {
            throw new FileNotFoundException("there is no such socket");
        }

        var since = Stopwatch.GetTimestamp();
        var socket = endPoint is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endPoint, cancellation);
            CheckReached(destination, socket.RemoteEndPoint);
            tell($"connected to {socket.RemoteEndPoint} after {Stopwatch.GetElapsedTime(since).TotalMilliseconds:0} ms");
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>What localhost stands for is said by a file or another machine.</summary>
    private static void CheckReached(Destination destination, EndPoint? reached)
    {
        if (destination is { IsSecure: false, Credentials.Token: not null }
            && reached is IPEndPoint { Address: var address }
            && !Destination.IsLoopback(address))
        {
            throw new IOException($"the name stands for {address}, which is not this machine's own: the token is not sent there");
        }
    }

    private static X509ChainPolicy Trusting(string file)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(file);
        }
        catch (Exception unusable) when (unusable is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"the authority's certificate {file} (ca_cert) cannot be read: {unusable.Message}");
        }

        return policy.CustomTrustStore.Count > 0
            ? policy
            : throw new UsageException($"{file} (ca_cert) holds no certificate in PEM form");
    }
}
