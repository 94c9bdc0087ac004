using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Hephaestus.Server.Configuration;

/// <summary>The server's certificate: paths of PEM files.</summary>
/// <param name="Certificate">The certificate, then those of its chain that clients may lack.</param>
/// <param name="Key">The private key, not encrypted.</param>
internal sealed record TlsFiles(string Certificate, string Key)
{
    /// <summary>The certificate with its private key.</summary>
    /// <exception cref="CryptographicException">A file is no PEM of its kind, or the key is another certificate's.</exception>
    /// <exception cref="IOException">A file cannot be read; so is UnauthorizedAccessException.</exception>
    public X509Certificate2 Load() => X509Certificate2.CreateFromPemFile(Certificate, Key);

    /// <summary>The other certificates of the file, to be sent along.</summary>
    public X509Certificate2Collection LoadChain()
    {
        var all = new X509Certificate2Collection();
        all.ImportFromPemFile(Certificate);
        all.RemoveAt(0);
        return all;
    }

    /// <summary>What keeps it from being used, in words for the user; null: nothing.</summary>
    public string? Fault()
    {
        try
        {
            using var certificate = Load();
            return null;
        }
        catch (Exception unusable) when (unusable is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return unusable.Message;
        }
    }
}
