using Hephaestus.Server.Access;

namespace Hephaestus.Server.Configuration;

/// <summary>Who could do more with a server than its operator may think.</summary>
internal static class Exposure
{
    /// <summary>A line for each thing that the operator should know at every start.</summary>
    public static IEnumerable<string> Of(ServerSettings settings, bool isRoot)
    {
        if (isRoot && !settings.IsRuled)
        {
            yield return $"runs as root without rules of access: any user of this machine can run plans, as any user; set {AccessKeys.Prefix}* keys";
        }

        if (settings is { Tls: not null, IsRuled: false })
        {
            yield return $"TLS alone asks nobody who they are: anybody who reaches {settings.Address} can run plans; set {AccessKeys.Prefix}* keys";
        }

        var isOpen = settings.Tls is null && !settings.Address.IsLoopback;
        if (isOpen && settings.IsRuled)
        {
            yield return $"without TLS all that is sent to {settings.Address} can be read on its way, tokens too; set {SettingKeys.Tls} = yes";
        }

        if (settings.Insecure)
        {
            yield return isOpen && !settings.IsRuled
                ? $"{SettingKeys.Insecure} = yes: anybody who reaches {settings.Address} can run plans, and read what is sent there"
                : $"{SettingKeys.Insecure} = yes is not needed here, and would let a change of other keys pass; remove it";
        }
    }
}
