using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Hephaestus.Tests.Access;

/// <summary>An authority that signs certificates for tests, or another authority.</summary>
internal sealed class TestAuthority : IDisposable
{
    private const string ClientPurpose = "1.3.6.1.5.5.7.3.2";
    private const string ServerPurpose = "1.3.6.1.5.5.7.3.1";

    private readonly ECDsa _key;
    private readonly X509Certificate2 _certificate;

    private TestAuthority(ECDsa key, X509Certificate2 certificate) => (_key, _certificate) = (key, certificate);

    /// <summary>One that signs itself.</summary>
    public static TestAuthority Make(string name = "Test authority")
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new TestAuthority(key, Request(new X500DistinguishedName($"CN={name}"), key, isAuthority: true).CreateSelfSigned(Ago(TimeSpan.FromDays(2)), Ago(-TimeSpan.FromDays(2))));
    }

    public string Pem => _certificate.ExportCertificatePem();

    public X509Certificate2 Certificate => _certificate;

    /// <summary>One that this one stands behind.</summary>
    public TestAuthority Below(string name)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = Request(new X500DistinguishedName($"CN={name}"), key, isAuthority: true);
        return new TestAuthority(key, Sign(request, Ago(-TimeSpan.FromDays(1))));
    }

    /// <summary>A client's certificate with its key.</summary>
    /// <param name="subject">As <c>CN=anna, O=example</c>.</param>
    /// <param name="ends">From now; null: in a day.</param>
    public X509Certificate2 Client(string subject, TimeSpan? ends = null, string? purpose = ClientPurpose) =>
        Client(new X500DistinguishedName(subject), ends, purpose);

    /// <inheritdoc cref="Client(string, TimeSpan?, string?)"/>
    public X509Certificate2 Client(X500DistinguishedName subject, TimeSpan? ends = null, string? purpose = ClientPurpose) =>
        Leaf(subject, purpose, Ago(-(ends ?? TimeSpan.FromDays(1))), null);

    public X509Certificate2 Server(string name) => Leaf(new X500DistinguishedName($"CN={name}"), ServerPurpose, Ago(-TimeSpan.FromDays(1)), name);

    /// <summary>A certificate that nobody but its own key signed.</summary>
    public static X509Certificate2 SelfSigned(string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = Request(new X500DistinguishedName(subject), key, isAuthority: false).CreateSelfSigned(Ago(TimeSpan.FromDays(1)), Ago(-TimeSpan.FromDays(1)));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }

    /// <summary>For servers alone.</summary>
    public const string ForServers = ServerPurpose;

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
    }

    private X509Certificate2 Leaf(X500DistinguishedName subject, string? purpose, DateTimeOffset end, string? host)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = Request(subject, key, isAuthority: false);
        if (purpose is not null)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], critical: false));
        }

        if (host is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(host);
            request.CertificateExtensions.Add(names.Build());
        }

        using var signed = Sign(request, end);
        using var whole = signed.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }

    private X509Certificate2 Sign(CertificateRequest request, DateTimeOffset end) => request.Create(
        _certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(_key), Ago(TimeSpan.FromDays(1.5)), end, RandomNumberGenerator.GetBytes(8));

    private static CertificateRequest Request(X500DistinguishedName subject, ECDsa key, bool isAuthority)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        return request;
    }

    private static DateTimeOffset Ago(TimeSpan time) => DateTimeOffset.UtcNow - time;
}

internal static class CertificateFiles
{
    /// <summary>Replaces both files, as a program that renews certificates does.</summary>
    public static void Write(this X509Certificate2 certificate, string pem, string key)
    {
        Replace(key, certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        Replace(pem, certificate.ExportCertificatePem());
    }

    public static void Replace(string path, string text)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using (var writer = new StreamWriter(path + ".tmp", options))
        {
            writer.Write(text);
        }

        File.Move(path + ".tmp", path, overwrite: true);
    }
}
