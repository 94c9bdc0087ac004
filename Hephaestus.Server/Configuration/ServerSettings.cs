using System.Collections.Immutable;
using Hephaestus.Protocol.Configuration;
using Hephaestus.Server.Access;
using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Journal;

namespace Hephaestus.Server.Configuration;

/// <summary>The configuration in effect. All paths are absolute.</summary>
/// <param name="File">The file it was read from; null: defaults alone.</param>
/// <param name="Address">Where gRPC is served over TCP.</param>
/// <param name="Tls">Null: without TLS.</param>
/// <param name="Insecure">The operator accepts an address that others can reach, without TLS.</param>
/// <param name="Socket">A unix socket where gRPC is served too; null: none.</param>
/// <param name="StateDirectory">Journal, output, sockets; belongs to one server.</param>
/// <param name="RuleDirectory">The plans.</param>
/// <param name="RuleLog">Where dumps go.</param>
/// <param name="MaxConcurrent">Executions that run at once, 1 to 100,000; more are queued.</param>
/// <param name="Grace">Between SIGTERM and SIGKILL, 0 to 24 hours.</param>
/// <param name="Cgroup">Where steps get control groups of their own.</param>
/// <param name="LateOutput">How long output of processes that outlive their step is taken, 0 to 24 hours.</param>
/// <param name="Retention">Which logs are kept.</param>
/// <param name="Hermes">Null: statuses are not published.</param>
/// <param name="Sync">What must be on the disk before it is told.</param>
/// <param name="NodeName">Reserved.</param>
/// <param name="NodeType">Reserved.</param>
/// <param name="TokenFile">Where the hashes of tokens are; need not be there.</param>
internal sealed record ServerSettings(
    string? File,
    ListenAddress Address,
    TlsFiles? Tls,
    bool Insecure,
    SocketSettings? Socket,
    string StateDirectory,
    string RuleDirectory,
    string RuleLog,
    int MaxConcurrent,
    TimeSpan Grace,
    CgroupSetting Cgroup,
    TimeSpan LateOutput,
    RetentionSettings Retention,
    HermesSettings? Hermes,
    HistorySync Sync,
    string? NodeName,
    string? NodeType,
    string TokenFile)
{
    /// <summary>Who may do what, at the start: changed rules are taken in later.</summary>
    public AccessRules Access { get; init; } = AccessRules.Unset;

    /// <summary>How strictly plans are judged by who can change them.</summary>
    public TrustMode PlanTrust { get; init; } = TrustMode.Warn;

    /// <summary>Whether there is any rule of access.</summary>
    public bool IsRuled => Access.Grants is not null;

    /// <summary>Reads a file, or gives the defaults without one.</summary>
    public static SettingsReading Read(string? path) =>
        ServerSettingsReader.Read(path, path is null ? Protocol.Configuration.Configuration.Empty : ConfigurationFile.Read(path), Surroundings.OfThisProcess());

    /// <summary>The configuration in effect, a <c>key = value</c> a line; holds no secrets (keys are named by their paths).</summary>
    public IReadOnlyList<string> Describe() =>
    [
        $"configuration = {File ?? "(none, defaults)"}",
        $"{SettingKeys.Address} = {Address}{(Tls is null ? " (no TLS)" : " (TLS)")}",
        .. Tls is null ? [] : new[] { $"{SettingKeys.TlsPem} = {Tls.Certificate}", $"{SettingKeys.TlsKey} = {Tls.Key}" },
        .. Tls?.ClientAuthority is { } authority ? new[] { $"{SettingKeys.TlsClientCa} = {authority}" } : [],
        .. Socket is null ? [] : new[] { $"{SettingKeys.Socket} = {Socket}" },
        $"{SettingKeys.StateDirectory} = {StateDirectory}",
        $"{SettingKeys.RuleDirectory} = {RuleDirectory}",
        $"{SettingKeys.RuleLog} = {RuleLog}",
        $"{SettingKeys.PlanTrust} = {Word(PlanTrust)}",
        $"{SettingKeys.MaxConcurrent} = {MaxConcurrent}",
        $"{SettingKeys.Grace} = {DurationText.Format(Grace)}",
        $"{SettingKeys.Cgroup} = {Cgroup}",
        $"{SettingKeys.LateOutput} = {DurationText.Format(LateOutput)}",
        $"{SettingKeys.Sync} = {(Sync == HistorySync.Full ? "full" : "normal")}",
        .. Retention.Removes ? Retention.Describe() : ["history.keep_* = (none, everything is kept)"],
        $"{SettingKeys.AuditKeepDays} = {Retention.AuditDays}",
        .. Hermes is null ? [$"{SettingKeys.HermesEnable} = no"] : DescribeHermes(Hermes),
        .. Access.Describe(),
    ];

    private static string Word(TrustMode mode) => mode switch
    {
        TrustMode.Strict => "strict",
        TrustMode.Off => "off",
        _ => "warn",
    };

    private static string[] DescribeHermes(HermesSettings hermes) =>
    [
        $"{SettingKeys.HermesAddress} = {hermes.Address.GetLeftPart(UriPartial.Authority)}",
        $"{SettingKeys.HermesTable} = {hermes.Table}",
        $"{SettingKeys.HermesPrefix} = {hermes.KeyPrefix}",
    ];
}

/// <summary>What reading gave: the settings, or null and at least one error.</summary>
/// <param name="Problems">Errors and warnings; each one's ToString is a line for the user.</param>
internal sealed record SettingsReading(ServerSettings? Settings, ImmutableArray<ConfigurationProblem> Problems)
{
    /// <summary>What was read.</summary>
    public Protocol.Configuration.Configuration Source { get; init; } = Protocol.Configuration.Configuration.Empty;
}
