using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hephaestus.Server.Access;

namespace Hephaestus.Server.Configuration;

/// <summary>What TLS is done with: paths of PEM files.</summary>
/// <param name="Certificate">The certificate, then those of its chain that clients may lack.</param>
/// <param name="Key">The private key, not encrypted.</param>
/// <param name="ClientAuthority">The authorities of clients' certificates; null: clients are asked for none.</param>
internal sealed record TlsFiles(string Certificate, string Key, string? ClientAuthority)
{
    /// <summary>The certificate with its key.</summary>
    public FileReading<ServerCertificate> ReadCertificate()
    {
        try
        {
            var (certificate, key) = (SideFile.Read(Certificate), SideFile.Read(Key));
            return new(ServerCertificate.Of(certificate.Text, key.Text), null, key.Warnings);
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or ArgumentException)
        {
            return new(null, $"{Certificate} with the key {Key} cannot be used: {fault.Message}", []);
        }
    }

    /// <summary>The authorities of clients' certificates.</summary>
    /// <param name="file"><see cref="ClientAuthority"/>.</param>
    public static FileReading<ClientAuthority> ReadAuthority(string file)
    {
        try
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPem(SideFile.Read(file).Text);
            return Access.ClientAuthority.Of(certificates) is { } authority ? new(authority, null, [])
                : new(null, $"{file} cannot be used: it holds no authority's own certificate, one that is signed by itself, in PEM form", []);
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or ArgumentException)
        {
            return new(null, $"{file} cannot be used: {fault.Message}", []);
        }
    }
}
