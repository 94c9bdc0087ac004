using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hephaestus.Server.Facts;

namespace Hephaestus.Server.Access;

/// <summary>
/// The certificate that a client presented when it connected; a feature of the connection. A connection may live for
/// months, so that it is looked at again with each call.
/// </summary>
internal sealed class ClientCertificate
{
    private const string CommonName = "2.5.4.3";

    private readonly Latest<ClientAuthority> _authorities;
    private readonly byte[] _certificate;
    private readonly byte[][] _others;
    private readonly Proof _proof;
    private Verification _verification;

    private ClientCertificate(X509Certificate2 certificate, X509Certificate2Collection others, string name, Latest<ClientAuthority> authorities)
    {
        // Copies: those of the handshake are disposed with it.
        _certificate = certificate.RawData;
        _others = [.. others.Select(other => other.RawData)];
        _proof = Proof.Of(new Principal.Certificate(name));
        _authorities = authorities;
        _verification = authorities.Value.Verify(certificate, others);
    }

    /// <summary>What a client presents in a handshake, and why that is not accepted; the reason null: it is.</summary>
    public static (ClientCertificate? Accepted, string? Refusal) Take(
        X509Certificate2 certificate, X509Certificate2Collection others, Latest<ClientAuthority> authorities)
    {
        if (NameOf(certificate) is not { } name)
        {
            return (null, "its subject has not exactly one common name");
        }

        var taken = new ClientCertificate(certificate, others, name, authorities);
        return taken._verification.Refusal is { } refusal ? (null, refusal) : (taken, null);
    }

    /// <summary>What its bearer proves now.</summary>
    /// <exception cref="Grpc.Core.RpcException">UNAUTHENTICATED: it has expired, or its authority is no longer trusted.</exception>
    public Proof ProveAt(DateTimeOffset now)
    {
        var verification = Verified(_authorities.Value);
        return verification.Refusal is { } refusal ? throw Unauthenticated.Certificate(refusal)
            : now.UtcDateTime > verification.Until ? throw Unauthenticated.Certificate(Expired(verification.Until))
            : _proof;
    }

    private Verification Verified(ClientAuthority authority)
    {
        var verification = Volatile.Read(ref _verification);
        if (ReferenceEquals(verification.By, authority))
        {
            return verification;
        }

        // Two calls at once may both do it, with the same result.
        using var certificate = X509CertificateLoader.LoadCertificate(_certificate);
        X509Certificate2Collection others = [.. _others.Select(other => X509CertificateLoader.LoadCertificate(other))];
        verification = authority.Verify(certificate, others);
        Volatile.Write(ref _verification, verification);
        return verification;
    }

    private static string Expired(DateTime until) => string.Create(CultureInfo.InvariantCulture, $"it expired at {until:yyyy-MM-dd HH:mm:ss} UTC");

    /// <summary>
    /// The one common name of the subject. Null: none, several, one that stands together with other attributes (so that it
    /// cannot be told apart for certain), or one that is no line of text.
    /// </summary>
    private static string? NameOf(X509Certificate2 certificate)
    {
        try
        {
            var parts = certificate.SubjectName.EnumerateRelativeDistinguishedNames().ToArray();
            return !parts.Any(part => part.HasMultipleElements)
                && parts.Where(part => part.GetSingleElementType().Value == CommonName).ToArray() is [var only]
                && only.GetSingleElementValue() is { Length: > 0 } name
                && !name.Any(char.IsControl)
                    ? name
                    : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
