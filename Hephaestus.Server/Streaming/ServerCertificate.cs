using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hephaestus.Server.Configuration;

namespace Hephaestus.Server.Streaming;

/// <summary>The server's certificate with its key, and what stands behind it in its file.</summary>
/// <param name="Chain">Certificates of authorities between it and one that clients trust; may be empty.</param>
internal sealed record ServerCertificate(X509Certificate2 Leaf, X509Certificate2Collection Chain)
{
    /// <exception cref="EndpointException">The files hold no certificate, or no key that fits it.</exception>
    public static ServerCertificate Load(TlsFiles files)
    {
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(files.Certificate);
            chain.RemoveAt(0);
            return new ServerCertificate(X509Certificate2.CreateFromPemFile(files.Certificate, files.Key), chain);
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new EndpointException($"host.grpc.tls: {files.Certificate} with the key {files.Key} cannot be used: {fault.Message}");
        }
    }
}
