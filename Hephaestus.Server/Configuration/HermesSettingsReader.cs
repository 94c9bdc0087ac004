using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hephaestus.Protocol.Configuration;

namespace Hephaestus.Server.Configuration;

/// <summary>The keys <c>hermes.*</c>; they are checked even where Hermes is not enabled, so that enabling it is one change.</summary>
internal sealed class HermesSettingsReader(ConfigurationReader reader, Surroundings surroundings)
{
    /// <summary>Null: not enabled, or unusable, which the reader's problems say.</summary>
    public HermesSettings? Settings()
    {
        var enabled = reader.YesNo(SettingKeys.HermesEnable, otherwise: false);
        var address = reader.Parse(SettingKeys.HermesAddress, Address, "http://HOST:PORT or https://HOST:PORT");
        var table = reader.Text(SettingKeys.HermesTable);
        var tls = Tls(enabled);
        if (!enabled)
        {
            return null;
        }

        Require(SettingKeys.HermesAddress);
        Require(SettingKeys.HermesTable);
        return address is null || table is null
            ? null
            : new HermesSettings(address, tls, table, reader.TextOrEmpty(SettingKeys.HermesPrefix) ?? "");
    }

    private static Uri? Address(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address)
        && address is { Scheme: "http" or "https", PathAndQuery: "/", UserInfo: "", Fragment: "", Host.Length: > 0 }
            ? address
            : null;

    private HermesTls? Tls(bool enabled)
    {
        if (!reader.YesNo(SettingKeys.HermesTls, otherwise: false))
        {
            return null;
        }

        var certificate = reader.Text(SettingKeys.HermesCa) is { } path ? surroundings.Absolute(path) : null;
        if (enabled && certificate is not null && Fault(certificate) is { } fault)
            reader.Error(SettingKeys.HermesCa, $"{certificate} cannot be used: {fault}");
        return new HermesTls(certificate, reader.Text(SettingKeys.HermesDomain));
    }

    private static string? Fault(string certificate)
    {
        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(certificate);
            return authorities.Count > 0 ? null : "it holds no certificate in PEM";
        }
        catch (Exception unusable) when (unusable is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return unusable.Message;
        }
    }

    private void Require(string key)
    {
        if (!reader.Has(key))
            reader.Error(key, $"must be set with {SettingKeys.HermesEnable} = yes");
    }
}
