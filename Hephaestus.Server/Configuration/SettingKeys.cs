using Hephaestus.Server.Access;

namespace Hephaestus.Server.Configuration;

/// <summary>The keys of <c>main.conf</c>.</summary>
internal static class SettingKeys
{
    public const string Address = "host.grpc.address";
    public const string Tls = "host.grpc.tls";
    public const string TlsKey = "host.grpc.tls.key";
    public const string TlsPem = "host.grpc.tls.pem";
    public const string TlsClientCa = "host.grpc.tls.client_ca";
    public const string Insecure = "host.grpc.insecure";
    public const string Socket = "host.grpc.socket";
    public const string SocketMode = "host.grpc.socket.mode";
    public const string SocketGroup = "host.grpc.socket.group";
    public const string Tokens = "access.tokens";
    public const string StateDirectory = "host.state_dir";
    public const string RuleDirectory = "plan.rule_dir";
    public const string RuleLog = "plan.rule_log";
    public const string PlanTrust = "plan.trust";
    public const string MaxConcurrent = "exec.max_concurrent";
    public const string Grace = "exec.grace";
    public const string Cgroup = "exec.cgroup";
    public const string LateOutput = "log.late_output";
    public const string Sync = "history.sync";
    public const string KeepDays = "history.keep_days";
    public const string KeepCount = "history.keep_count";
    public const string KeepBytes = "history.keep_bytes";
    public const string AuditKeepDays = "audit.keep_days";
    public const string HermesEnable = "hermes.enable";
    public const string HermesAddress = "hermes.grpc.address";
    public const string HermesTls = "hermes.grpc.tls";
    public const string HermesCa = "hermes.grpc.tls.ca_cert";
    public const string HermesDomain = "hermes.grpc.tls.domain";
    public const string HermesTable = "hermes.table";
    public const string HermesPrefix = "hermes.key.prefix";
    public const string NodeName = "node.name";
    public const string NodeType = "node.type";

    /// <summary>Every key that means something now.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        Address, Tls, TlsKey, TlsPem, Insecure, Socket, StateDirectory, RuleDirectory, RuleLog, PlanTrust, MaxConcurrent, Grace, Cgroup,
        LateOutput, Sync, KeepDays, KeepCount, KeepBytes, AuditKeepDays,
        HermesEnable, HermesAddress, HermesTls, HermesCa, HermesDomain, HermesTable, HermesPrefix, NodeName, NodeType,
        TlsClientCa, SocketMode, SocketGroup, Tokens,
    ];

    /// <summary>Whether a key has its place here, now or later.</summary>
    public static bool IsKnown(string key) => All.Contains(key) || IsReserved(key) || AccessKeys.IsRule(key);

    /// <summary>
    /// Keys that will mean something. Setting one is an error: to run without the retention that an operator asked for would
    /// be wrong.
    /// </summary>
    public static bool IsReserved(string key) => !All.Contains(key) && key.StartsWith("history.", StringComparison.Ordinal);
}
