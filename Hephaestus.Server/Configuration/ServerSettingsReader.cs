using System.Text;
using Hephaestus.Protocol.Configuration;
using Hephaestus.Server.Access;
using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Journal;

namespace Hephaestus.Server.Configuration;

/// <summary>A configuration's entries -> settings, or everything that is wrong with them.</summary>
internal sealed class ServerSettingsReader
{
    /// <summary>The address without any configuration: the old server's usual port, for this machine alone.</summary>
    private static readonly ListenAddress s_defaultAddress = new("127.0.0.1", 3041);

    /// <summary>Bytes of a unix socket's path that the kernel takes (sun_path, without its NUL).</summary>
    private const int MaxSocketPath = 107;

    private static readonly TimeSpan s_day = TimeSpan.FromHours(24);

    private readonly ConfigurationReader _reader;
    private readonly Surroundings _surroundings;
    private readonly bool _wantsTls;
    private readonly bool _isRuled;

    private ServerSettingsReader(ConfigurationReader reader, Surroundings surroundings, bool isRuled)
    {
        _reader = reader;
        _isRuled = isRuled;
        _surroundings = surroundings;
        _wantsTls = reader.YesNo(SettingKeys.Tls, otherwise: false);
    }

    /// <summary>Reads no file but those that hold certificates and keys, which it tries.</summary>
    public static SettingsReading Read(string? file, Protocol.Configuration.Configuration configuration, Surroundings surroundings)
    {
        var reader = new ConfigurationReader(configuration);
        var isRuled = configuration.Entries.Any(entry => AccessKeys.IsRule(entry.Key));
        var settings = new ServerSettingsReader(reader, surroundings, isRuled).Settings(file);
        var (access, problems) = AccessRulesReader.Read(configuration);
        reader.Add(problems);
        reader.Add(configuration.UnknownKeys(key => SettingKeys.IsKnown(key) || AccessKeys.IsMisspelt(key), SettingKeys.All));
        reader.Add(Reserved(configuration));
        reader.Add(Misspelt(configuration));
        return new SettingsReading(
            reader.Problems.Any(problem => problem.IsError) ? null : settings with { Access = access },
            [.. reader.Problems.OrderBy(problem => problem.IsError ? 0 : 1)])
        {
            Source = configuration,
        };
    }

    private static IEnumerable<ConfigurationProblem> Misspelt(Protocol.Configuration.Configuration configuration) =>
        from entry in configuration.Entries
        where AccessKeys.IsMisspelt(entry.Key)
        select entry.Error($"unknown key; did you mean {AccessKeys.Prefix}PRINCIPAL? This server would run without a rule that it asks for");

    private static IEnumerable<ConfigurationProblem> Reserved(Protocol.Configuration.Configuration configuration) =>
        from entry in configuration.Entries
        where SettingKeys.IsReserved(entry.Key)
        select entry.Error("is not supported yet; remove it: this server would run without what it asks for");

    private ServerSettings Settings(string? file)
    {
        var state = Directory(SettingKeys.StateDirectory) ?? DefaultState();
        var insecure = _reader.YesNo(SettingKeys.Insecure, otherwise: false);
        var tls = Tls();
        return new ServerSettings(
            file is null ? null : _surroundings.Absolute(file),
            Address(insecure),
            tls,
            insecure,
            Socket(),
            state,
            Directory(SettingKeys.RuleDirectory) ?? _surroundings.Absolute("plans"),
            Directory(SettingKeys.RuleLog) ?? Path.Combine(state, "dumps"),
            _reader.Number(SettingKeys.MaxConcurrent, otherwise: 1000, least: 1, most: 100_000),
            _reader.Duration(SettingKeys.Grace, TimeSpan.FromSeconds(10), s_day),
            _reader.Parse(SettingKeys.Cgroup, CgroupSetting.Parse, CgroupSetting.Allowed) ?? CgroupSetting.Auto,
            _reader.Duration(SettingKeys.LateOutput, TimeSpan.FromSeconds(60), s_day),
            Retention(),
            new HermesSettingsReader(_reader, _surroundings).Settings(),
            Sync(),
            _reader.TextOrEmpty(SettingKeys.NodeName),
            _reader.TextOrEmpty(SettingKeys.NodeType),
            Directory(SettingKeys.Tokens) ?? Path.Combine(state, TokenFile.DefaultName))
        {
            PlanTrust = Trust(),
        };
    }

    private TrustMode Trust() =>
        _reader.Parse(SettingKeys.PlanTrust, value => value is "warn" or "strict" or "off" ? value : null, "warn, strict or off") switch
        {
            "strict" => TrustMode.Strict,
            "off" => TrustMode.Off,
            _ => TrustMode.Warn,
        };

    private HistorySync Sync() =>
        _reader.Parse(SettingKeys.Sync, value => value is "normal" or "full" ? value : null, "normal or full") == "full"
            ? HistorySync.Full
            : HistorySync.Normal;

    private RetentionSettings Retention() => new(
        _reader.Has(SettingKeys.KeepDays) ? _reader.Number(SettingKeys.KeepDays, otherwise: 1, least: 1, most: 36_500) : null,
        _reader.Has(SettingKeys.KeepCount) ? _reader.Number(SettingKeys.KeepCount, otherwise: 1, least: 1, most: int.MaxValue) : null,
        _reader.Parse(SettingKeys.KeepBytes, Size, $"{SizeText.Allowed}, at least 1")?.Bytes)
    {
        AuditDays = _reader.Number(SettingKeys.AuditKeepDays, otherwise: 365, least: 1, most: 36_500),
    };

    private static RetentionSettings? Size(string text) =>
        SizeText.TryParse(text, out var bytes) && bytes > 0 ? new RetentionSettings(null, null, bytes) : null;

    private string? Directory(string key) => _reader.Text(key) is { } path ? _surroundings.Absolute(path) : null;

    private string DefaultState()
    {
        if (_surroundings.StateDirectory is { } directory)
        {
            return directory;
        }

        // A value that is set and unusable has its error already.
        if (!_reader.Has(SettingKeys.StateDirectory))
            _reader.Error(SettingKeys.StateDirectory, "must be set: this user has no home directory for a default");
        return "/";
    }

    private ListenAddress Address(bool insecure)
    {
        var address = _reader.Parse(SettingKeys.Address, ListenAddress.Parse, ListenAddress.Allowed) ?? s_defaultAddress;
        if (!address.IsLoopback && !insecure && !_wantsTls && !_isRuled)
        {
            _reader.Error(
                SettingKeys.Address,
                $"{address} can be reached from other machines, and without TLS and rules of access anybody who reaches it can run plans; "
                + $"set {SettingKeys.Tls} = yes with {SettingKeys.TlsKey} and {SettingKeys.TlsPem}, or {AccessKeys.Prefix}* keys, "
                + $"or accept it with {SettingKeys.Insecure} = yes; 127.0.0.1 needs none of them");
        }

        return address;
    }

    private TlsFiles? Tls()
    {
        if (!_wantsTls)
        {
            if (_reader.Has(SettingKeys.TlsClientCa))
                _reader.Error(SettingKeys.TlsClientCa, $"needs {SettingKeys.Tls} = yes: without TLS no client has a certificate");
            return null;
        }

        if ((Required(SettingKeys.TlsPem), Required(SettingKeys.TlsKey)) is not ({ } certificate, { } key))
        {
            return null;
        }

        var files = new TlsFiles(_surroundings.Absolute(certificate), _surroundings.Absolute(key), Directory(SettingKeys.TlsClientCa));
        if (files.ReadCertificate().Fault is { } fault)
            _reader.Error(SettingKeys.TlsPem, fault);
        if (files.ClientAuthority is { } authority && TlsFiles.ReadAuthority(authority).Fault is { } unusable)
            _reader.Error(SettingKeys.TlsClientCa, unusable);
        return files;
    }

    private string? Required(string key)
    {
        if (!_reader.Has(key))
            _reader.Error(key, $"must be set with {SettingKeys.Tls} = yes: the path of a PEM file");
        return _reader.Text(key);
    }

    private SocketSettings? Socket()
    {
        var path = _reader.Parse(
            SettingKeys.Socket,
            path => path is ['/', ..] && Encoding.UTF8.GetByteCount(path) <= MaxSocketPath ? path : null,
            $"an absolute path of at most {MaxSocketPath} bytes");
        var mode = _reader.Parse(SettingKeys.SocketMode, SocketMode.Parse, SocketMode.Allowed) ?? SocketMode.Default;
        var group = _reader.Parse(SettingKeys.SocketGroup, SocketGroup.Find, SocketGroup.Allowed);
        foreach (var key in new[] { SettingKeys.SocketMode, SettingKeys.SocketGroup })
        {
            if (_reader.Has(key) && !_reader.Has(SettingKeys.Socket))
                _reader.Error(key, $"needs {SettingKeys.Socket}, the socket that it is about");
        }

        return path is null ? null : new SocketSettings(path, mode, group);
    }
}
