using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hephaestus.Tests.Configuration;

namespace Hephaestus.Tests.Cli;

/// <summary>A certificate for a client, with its key and the authority at the end of its chain.</summary>
/// <param name="Pem">A file with the certificate, and with the one between it and the authority.</param>
internal sealed record ClientCertificates(string Pem, string Key, X509Certificate2 Authority)
{
    // Said once: none may outlive its authority, not by a second.
    private static readonly DateTimeOffset s_begin = DateTimeOffset.UtcNow.AddDays(-1);
    private static readonly DateTimeOffset s_end = s_begin.AddDays(2);

    /// <summary>Writes one that an authority between the name's and the last one has signed.</summary>
    /// <param name="end">Until when it is valid; null: for a day.</param>
    public static ClientCertificates Write(TemporaryFolder folder, string name, DateTimeOffset? end = null)
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var middleKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var root = Request("last", rootKey, isAuthority: true).CreateSelfSigned(s_begin, s_end);
        using var middle = Request("between", middleKey, isAuthority: true).Create(root, s_begin, s_end, [1]);
        using var own = Request(name, key, isAuthority: false).Create(
            middle.SubjectName, X509SignatureGenerator.CreateForECDsa(middleKey), s_begin, end ?? s_end, [2]);
        var keyFile = folder.File($"{name}.key", key.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(keyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return new ClientCertificates(
            folder.File($"{name}.pem", own.ExportCertificatePem() + "\n" + middle.ExportCertificatePem()),
            keyFile,
            root);
    }

    private static CertificateRequest Request(string name, ECDsa key, bool isAuthority)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        return request;
    }
}
