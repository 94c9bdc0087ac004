using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Hephaestus.Server.Access;

/// <summary>The authorities that sign clients' certificates: they alone count, whatever the system trusts.</summary>
internal sealed class ClientAuthority : IEquatable<ClientAuthority>
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly X509Certificate2Collection _certificates;
    private readonly string _thumbprints;

    private ClientAuthority(X509Certificate2Collection certificates)
    {
        _certificates = certificates;
        _thumbprints = string.Join(' ', certificates.Select(certificate => certificate.GetCertHashString(HashAlgorithmName.SHA256)));
    }

    public bool Equals(ClientAuthority? other) => other?._thumbprints == _thumbprints;

    public override bool Equals(object? obj) => Equals(obj as ClientAuthority);

    public override int GetHashCode() => _thumbprints.GetHashCode(StringComparison.Ordinal);

    /// <summary>Null: none of them is an authority's own, signed by itself; without one nothing could be verified.</summary>
    public static ClientAuthority? Of(X509Certificate2Collection certificates) =>
        certificates.Any(certificate => certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData))
            ? new ClientAuthority(certificates)
            : null;

    /// <summary>How a client's certificate is to be verified. Nothing is fetched from anywhere, and there are no revocation lists.</summary>
    public X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(_certificates);

        // One that says nothing of its purposes is for all of them.
        policy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        return policy;
    }

    /// <summary>Whether a certificate counts now, and until when.</summary>
    /// <param name="others">What the client sent along.</param>
    public Verification Verify(X509Certificate2 certificate, X509Certificate2Collection others)
    {
        using var chain = new X509Chain { ChainPolicy = Policy() };
        chain.ChainPolicy.ExtraStore.AddRange(others);
        var valid = chain.Build(certificate);
        var verification = valid
            ? new Verification(this, chain.ChainElements.Min(element => element.Certificate.NotAfter.ToUniversalTime()), null)
            : new Verification(this, default, Reason(chain));
        foreach (var element in chain.ChainElements)
        {
            element.Certificate.Dispose();
        }

        return verification;
    }

    private static string Reason(X509Chain chain) =>
        string.Join(", ", chain.ChainStatus.Select(status => status.Status.ToString()).Distinct());
}

/// <summary>What verifying a client's certificate gave.</summary>
/// <param name="Until">UTC; the earliest end in its chain.</param>
/// <param name="Refusal">Why it does not count; null: it does.</param>
internal sealed record Verification(ClientAuthority By, DateTime Until, string? Refusal);
