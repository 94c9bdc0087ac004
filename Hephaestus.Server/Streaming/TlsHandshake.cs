using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Hephaestus.Server.Access;
using Hephaestus.Server.Configuration;
using Hephaestus.Server.Facts;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace Hephaestus.Server.Streaming;

/// <summary>Each TLS handshake: with the certificate that is the newest then, and what the client presents.</summary>
internal sealed class TlsHandshake(Latest<ServerCertificate> certificates, Latest<ClientAuthority>? authorities, ILogger log)
{
    /// <summary>Refused certificates are said so often at most: whoever reaches the port can present some.</summary>
    private static readonly TimeSpan s_silence = TimeSpan.FromSeconds(10);

    private long _saidAt = -1;

    /// <summary>What is said for a connection that begins.</summary>
    public ValueTask<SslServerAuthenticationOptions> Begin(TlsHandshakeCallbackContext context) => new(new SslServerAuthenticationOptions
    {
        ServerCertificateContext = certificates.Value.Context,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        AllowRenegotiation = false,

        // What was presented in another connection is not looked at again when that is resumed.
        AllowTlsResume = authorities is null,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        ClientCertificateRequired = authorities is not null,
        CertificateChainPolicy = authorities?.Value.Policy(),
        RemoteCertificateValidationCallback = (_, certificate, chain, _) => Accept(context.Connection, certificate, chain),
    });

    /// <summary>Whoever presents no certificate may come all the same, and may have a token.</summary>
    private bool Accept(ConnectionContext connection, X509Certificate? certificate, X509Chain? chain)
    {
        if (authorities is null || certificate is null)
        {
            return true;
        }

        var (accepted, refusal) = ClientCertificate.Take((X509Certificate2)certificate, chain?.ChainPolicy.ExtraStore ?? [], authorities);
        connection.Features.Set(accepted);
        if (refusal is not null && MaySay())
        {
            log.LogWarning("A client certificate was refused, presented by {Address}: {Reason}", connection.RemoteEndPoint, refusal);
        }

        return accepted is not null;
    }

    private bool MaySay()
    {
        var (said, now) = (Volatile.Read(ref _saidAt), TimeProvider.System.GetTimestamp());
        return (said < 0 || TimeProvider.System.GetElapsedTime(said, now) > s_silence) && Interlocked.CompareExchange(ref _saidAt, now, said) == said;
    }
}
