using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;
using Hephaestus.Server.Configuration;

namespace Hephaestus.Server.Hermes;

/// <summary>Makes the way to Hermes.</summary>
internal static class HermesChannel
{
    private static readonly TimeSpan s_connecting = TimeSpan.FromSeconds(5);

    /// <summary>A channel that connects with its first call, and again when the connection broke.</summary>
    public static GrpcChannel Open(HermesSettings settings)
    {
        var handler = new SocketsHttpHandler { UseProxy = false, ConnectTimeout = s_connecting };
        if (settings.Tls?.CaCertificate is { } authority)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPemFile(authority);
            handler.SslOptions.CertificateChainPolicy = policy;
        }

        if (settings.Tls?.Domain is { } domain)
        {
            handler.SslOptions.TargetHost = domain;
        }

        return GrpcChannel.ForAddress(Address(settings), new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }

    /// <summary>The first server took the scheme for decoration: with TLS switched on, http means https.</summary>
    private static Uri Address(HermesSettings settings) => settings.Tls is null
        ? settings.Address
        : new UriBuilder(settings.Address) { Scheme = Uri.UriSchemeHttps }.Uri;
}
