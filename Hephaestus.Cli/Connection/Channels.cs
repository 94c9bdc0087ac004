using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;

namespace Hephaestus.Cli.Connection;

/// <summary>Makes the way to a server.</summary>
internal static class Channels
{
    /// <summary>From the name's resolution to the end of the TLS handshake, for which a busy server needs its processor.</summary>
    private static readonly TimeSpan s_connecting = TimeSpan.FromSeconds(10);

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
            AllowAutoRedirect = false,
            ConnectTimeout = s_connecting,
            ConnectCallback = (_, cancellation) => Sockets.ConnectAsync(destination, tell, cancellation),
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
