using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Hephaestus.Server.Configuration;

/// <summary>The server's certificate with its key, and what stands behind it in its file.</summary>
/// <param name="Leaf">The certificate; not disposed, as connections may use it for as long as they live.</param>
/// <param name="Chain">Certificates of authorities between it and one that clients trust; may be empty.</param>
internal sealed record ServerCertificate(X509Certificate2 Leaf, X509Certificate2Collection Chain)
{
    /// <summary>As handshakes need it. Nothing is fetched from anywhere.</summary>
    public SslStreamCertificateContext Context { get; } = SslStreamCertificateContext.Create(Leaf, Chain, offline: true);

    /// <summary>Whether these are the same certificates; the key of one that is the same is the same.</summary>
    public bool Equals(ServerCertificate? other) =>
        other is not null && Leaf.RawDataMemory.Span.SequenceEqual(other.Leaf.RawDataMemory.Span)
        && Chain.Count == other.Chain.Count
        && Chain.Zip(other.Chain).All(pair => pair.First.RawDataMemory.Span.SequenceEqual(pair.Second.RawDataMemory.Span));

    public override int GetHashCode() => Leaf.GetHashCode();

    /// <summary>From two texts in PEM form.</summary>
    /// <exception cref="CryptographicException">One is no PEM of its kind; ArgumentException: the key is another certificate's.</exception>
    public static ServerCertificate Of(string certificate, string key)
    {
        var leaf = X509Certificate2.CreateFromPem(certificate, key);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(certificate);
        chain.RemoveAt(0);
        return new ServerCertificate(leaf, chain);
    }
}
