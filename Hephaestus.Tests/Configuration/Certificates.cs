using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Hephaestus.Tests.Configuration;

/// <summary>Certificates that sign themselves.</summary>
internal static class Certificates
{
    /// <summary>Writes one for a name, with its key.</summary>
    public static (string Pem, string Key) Write(TemporaryFolder folder, string name = "hephaestus.test")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return (folder.File($"{name}.pem", certificate.ExportCertificatePem()), folder.File($"{name}.key", key.ExportPkcs8PrivateKeyPem()));
    }
}
