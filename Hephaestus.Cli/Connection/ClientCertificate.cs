using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hephaestus.Protocol.Configuration;

namespace Hephaestus.Cli.Connection;

/// <summary>A certificate that shows a server who asks, with its private key.</summary>
/// <param name="Text">Its subject and its file, for messages.</param>
internal sealed record ClientCertificate(string Text, SslStreamCertificateContext Context)
{
    /// <summary>Reads the two files that the entries name.</summary>
    /// <exception cref="UsageException">One of them cannot be used, or they do not belong together.</exception>
    public static ClientCertificate Read(ConfigurationEntry file, ConfigurationEntry key, Action<string> warn)
    {
        var certificates = ReadAll(file);
        WarnOfTime(certificates[0], file, warn);
        var own = WithKey(certificates[0], file, key);
        certificates.RemoveAt(0);
        // Offline: what of the chain is not in the file is nowhere asked for.
        return new ClientCertificate(
            $"the certificate of {own.Subject} in {file.Value}",
            SslStreamCertificateContext.Create(own, certificates, offline: true));
    }

    private static X509Certificate2Collection ReadAll(ConfigurationEntry file)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPemFile(file.Value);
        }
        catch (Exception unusable) when (unusable is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw Unusable(file, $"the certificate cannot be read: {unusable.Message}");
        }

        return certificates.Count > 0 ? certificates : throw Unusable(file, $"{file.Value} holds no certificate in PEM form");
    }

    private static X509Certificate2 WithKey(X509Certificate2 certificate, ConfigurationEntry file, ConfigurationEntry key)
    {
        try
        {
            return X509Certificate2.CreateFromPem(certificate.ExportCertificatePem(), File.ReadAllText(key.Value));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw Unusable(key, $"the private key cannot be read: {unreadable.Message}");
        }
        catch (Exception unusable) when (unusable is CryptographicException or ArgumentException)
        {
            throw Unusable(
                key,
                $"{key.Value} does not hold the private key of the first certificate in {file.Value}, in PEM form and not encrypted");
        }
    }

    private static void WarnOfTime(X509Certificate2 certificate, ConfigurationEntry file, Action<string> warn)
    {
        var now = DateTime.Now;
        if (now > certificate.NotAfter)
        {
            warn(file.Warning($"the certificate in {file.Value} has expired at {certificate.NotAfter:yyyy-MM-dd HH:mm:ss}").ToString());
        }
        else if (now < certificate.NotBefore)
        {
            warn(file.Warning($"the certificate in {file.Value} is valid only from {certificate.NotBefore:yyyy-MM-dd HH:mm:ss} on").ToString());
        }
    }

    private static UsageException Unusable(ConfigurationEntry entry, string message) => new(entry.Error(message).ToString());
}
