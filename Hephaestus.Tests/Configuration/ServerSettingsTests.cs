using Hephaestus.Protocol.Configuration;
using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Configuration;
using Hephaestus.Server.Journal;

namespace Hephaestus.Tests.Configuration;

public sealed class ServerSettingsTests : IDisposable
{
    private static readonly Surroundings s_surroundings = new(IsRoot: false, StateHome: null, Home: "/home/me", WorkingDirectory: "/work");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Without_a_file_a_newcomer_gets_settings_that_work()
    {
        var settings = Read("").Settings;

        Assert.NotNull(settings);
        Assert.Equal(new ListenAddress("127.0.0.1", 3041), settings.Address);
        Assert.Null(settings.Tls);
        Assert.Null(settings.Socket);
        Assert.Equal("/work/plans", settings.RuleDirectory);
        Assert.Equal("/home/me/.local/state/hephaestus", settings.StateDirectory);
        Assert.Equal("/home/me/.local/state/hephaestus/dumps", settings.RuleLog);
        Assert.Equal(1000, settings.MaxConcurrent);
        Assert.Equal(TimeSpan.FromSeconds(10), settings.Grace);
        Assert.Equal(TimeSpan.FromSeconds(60), settings.LateOutput);
        Assert.Null(settings.Hermes);
        Assert.Equal("/home/me/.local/state/hephaestus/tokens", settings.TokenFile);
    }

    [Theory]
    [InlineData(true, "/x", "/home/me", "/var/lib/hephaestus")]
    [InlineData(false, "/x", "/home/me", "/x/hephaestus")]
    [InlineData(false, "relative", "/home/me", "/home/me/.local/state/hephaestus")]
    [InlineData(false, null, "/home/me", "/home/me/.local/state/hephaestus")]
    public void The_state_directory_depends_on_the_user(bool root, string? stateHome, string? home, string expected) =>
        Assert.Equal(expected, new Surroundings(root, stateHome, home, "/").StateDirectory);

    [Fact]
    public void A_user_without_a_home_is_asked_for_a_state_directory()
    {
        var reading = ServerSettingsReader.Read(null, Protocol.Configuration.Configuration.Empty, new Surroundings(false, null, "", "/"));

        Assert.Null(reading.Settings);
        Assert.Equal("host.state_dir: must be set: this user has no home directory for a default", Assert.Single(reading.Problems).ToString());
    }

    [Fact]
    public void Every_key_is_read()
    {
        var (pem, key) = Certificates.Write(_folder);
        var reading = Read($"""
            host.grpc.address = 10.0.0.1:443
            host.grpc.tls = yes
            host.grpc.tls.key = {key}
            host.grpc.tls.pem = {pem}
            host.grpc.insecure = no
            host.grpc.socket = /run/h.sock
            host.state_dir = /srv/state
            plan.rule_dir = /srv/plans
            plan.trust = strict
            plan.rule_log = logs
            exec.max_concurrent = 100000
            exec.grace = 2m
            exec.cgroup = /sys/fs/cgroup/jobs/
            log.late_output = 0s
            history.sync = full
            history.keep_days = 30
            history.keep_count = 1000
            history.keep_bytes = 20G
            hermes.enable = yes
            hermes.grpc.address = https://hermes:3031
            hermes.grpc.tls = yes
            hermes.grpc.tls.ca_cert = {pem}
            hermes.grpc.tls.domain = hermes.lan
            hermes.table = Monitoring
            hermes.key.prefix = h/
            node.name = a
            node.type = b
            host.grpc.tls.client_ca = {pem}
            host.grpc.socket.mode = 0600
            host.grpc.socket.group = 0
            access.tokens = tokens
            """);

        Assert.Empty(reading.Problems);
        Assert.Equal(
            new ServerSettings(
                _folder.At("main.conf"),
                new ListenAddress("10.0.0.1", 443),
                new TlsFiles(pem, key, pem),
                Insecure: false,
                new SocketSettings("/run/h.sock", new SocketMode(384), new SocketGroup("0", 0)),
                "/srv/state",
                "/srv/plans",
                "/work/logs",
                100_000,
                TimeSpan.FromMinutes(2),
                new CgroupSetting("/sys/fs/cgroup/jobs", IsOff: false),
                TimeSpan.Zero,
                new RetentionSettings(30, 1000, 20L << 30),
                new HermesSettings(new Uri("https://hermes:3031"), new HermesTls(pem, "hermes.lan"), "Monitoring", "h/"),
                HistorySync.Full,
                "a",
                "b",
                "/work/tokens") { PlanTrust = TrustMode.Strict },
            reading.Settings);
    }

    [Theory]
    [InlineData("host.grpc.tls = true", "host.grpc.tls: \"true\" cannot be used; allowed is yes or no")]
    [InlineData("exec.max_concurrent = 0", "exec.max_concurrent: \"0\" cannot be used; allowed is a whole number from 1 to 100000")]
    [InlineData("exec.max_concurrent = 100001", "exec.max_concurrent: \"100001\" cannot be used; allowed is a whole number from 1 to 100000")]
    [InlineData("exec.max_concurrent = -1", "exec.max_concurrent: \"-1\" cannot be used; allowed is a whole number from 1 to 100000")]
    [InlineData("exec.grace = 10", "exec.grace: \"10\" cannot be used; allowed is a whole number with s, m or h (as 90s), at most 24h")]
    [InlineData("exec.cgroup = jobs", "exec.cgroup: \"jobs\" cannot be used; allowed is auto, off, or the absolute path of a control group")]
    [InlineData("log.late_output = 25h", "log.late_output: \"25h\" cannot be used; allowed is a whole number with s, m or h (as 90s), at most 24h")]
    [InlineData("host.state_dir =", "host.state_dir: \"\" cannot be used; allowed is a value that is not empty")]
    [InlineData("host.grpc.socket = run/x", "host.grpc.socket: \"run/x\" cannot be used; allowed is an absolute path of at most 107 bytes")]
    [InlineData("plan.trust = yes", "plan.trust: \"yes\" cannot be used; allowed is warn, strict or off")]
    [InlineData("host.grpc.tls.client_ca = /x", "host.grpc.tls.client_ca: needs host.grpc.tls = yes: without TLS no client has a certificate")]
    [InlineData("host.grpc.socket.mode = 0600", "host.grpc.socket.mode: needs host.grpc.socket, the socket that it is about")]
    [InlineData("host.grpc.socket.group = 0", "host.grpc.socket.group: needs host.grpc.socket, the socket that it is about")]
    [InlineData("history.sync = always", "history.sync: \"always\" cannot be used; allowed is normal or full")]
    [InlineData("audit.keep_days = 0", "audit.keep_days: \"0\" cannot be used; allowed is a whole number from 1 to 36500")]
    [InlineData("history.keep_days = 0", "history.keep_days: \"0\" cannot be used; allowed is a whole number from 1 to 36500")]
    [InlineData("history.keep_count = 1K", "history.keep_count: \"1K\" cannot be used; allowed is a whole number from 1 to 2147483647")]
    [InlineData("history.keep_bytes = 20 GB", "history.keep_bytes: \"20 GB\" cannot be used; allowed is a whole number of bytes, or one with K, M, G or T (as 20G), at least 1")]
    [InlineData("history.keep_bytes = 0", "history.keep_bytes: \"0\" cannot be used; allowed is a whole number of bytes, or one with K, M, G or T (as 20G), at least 1")]
    [InlineData("history.keep_weeks = 3", "history.keep_weeks: is not supported yet; remove it: this server would run without what it asks for")]
    [InlineData("hermes.grpc.address = hermes:1", "hermes.grpc.address: \"hermes:1\" cannot be used; allowed is http://HOST:PORT or https://HOST:PORT")]
    public void An_unusable_value_is_an_error_with_its_place_and_what_is_allowed(string line, string expected)
    {
        var reading = Read(line);

        Assert.Null(reading.Settings);
        Assert.Equal($"{_folder.At("main.conf")}:1: {expected}", Assert.Single(reading.Problems).ToString());
    }

    [Fact]
    public void All_errors_are_told_at_once()
    {
        var reading = Read("host.grpc.address = x\nexec.grace = x\nnonsense\nhermes.enable = yes\n%include relative");

        Assert.Null(reading.Settings);
        Assert.Equal(6, reading.Problems.Count(problem => problem.IsError));
    }

    [Fact]
    public void An_unknown_key_is_a_warning_with_the_nearest_known_one()
    {
        var reading = Read("plan.ruledir = /x\nsomething.else = 1");

        Assert.NotNull(reading.Settings);
        Assert.Equal(
            [
                $"{_folder.At("main.conf")}:1: plan.ruledir: warning: unknown key, ignored; did you mean plan.rule_dir?",
                $"{_folder.At("main.conf")}:2: something.else: warning: unknown key, ignored",
            ],
            reading.Problems.Select(problem => problem.ToString()));
    }

    [Theory]
    [InlineData("0.0.0.0:3041")]
    [InlineData("[::]:3041")]
    [InlineData("192.168.1.1:3041")]
    [InlineData("hephaestus.lan:3041")]
    public void An_address_that_others_reach_needs_TLS_or_the_operators_word(string address)
    {
        var refused = Read($"host.grpc.address = {address}");
        var accepted = Read($"host.grpc.address = {address}\nhost.grpc.insecure = yes");

        Assert.Null(refused.Settings);
        Assert.Equal(
            $"{_folder.At("main.conf")}:1: host.grpc.address: {address} can be reached from other machines, and without TLS and rules of access "
            + "anybody who reaches it can run plans; set host.grpc.tls = yes with host.grpc.tls.key and host.grpc.tls.pem, or access.* keys, "
            + "or accept it with host.grpc.insecure = yes; 127.0.0.1 needs none of them",
            Assert.Single(refused.Problems).ToString());
        Assert.Empty(accepted.Problems);
        Assert.True(accepted.Settings?.Insecure);
    }

    [Theory]
    [InlineData("127.0.0.1:3041")]
    [InlineData("127.1.2.3:0")]
    [InlineData("[::1]:3041")]
    [InlineData("localhost:3041")]
    public void An_address_of_this_machine_alone_needs_nothing(string address) =>
        Assert.Empty(Read($"host.grpc.address = {address}").Problems);

    [Fact]
    public void TLS_needs_both_files()
    {
        var reading = Read("host.grpc.tls = yes");

        Assert.Equal(
            [
                "host.grpc.tls.pem: must be set with host.grpc.tls = yes: the path of a PEM file",
                "host.grpc.tls.key: must be set with host.grpc.tls = yes: the path of a PEM file",
            ],
            reading.Problems.Select(problem => problem.ToString()));
    }

    [Fact]
    public void Files_that_are_no_certificate_with_its_key_are_an_error_at_the_start()
    {
        var (pem, key) = Certificates.Write(_folder);
        using var other = new TemporaryFolder();
        var (_, otherKey) = Certificates.Write(other);
        var text = _folder.File("text", "no PEM");

        foreach (var (certificate, privateKey) in new[] { (pem, otherKey), (text, key), (pem, text), (pem, _folder.At("missing")) })
        {
            var reading = Read($"host.grpc.tls = yes\nhost.grpc.tls.pem = {certificate}\nhost.grpc.tls.key = {privateKey}");

            Assert.Null(reading.Settings);
            Assert.StartsWith($"{_folder.At("main.conf")}:2: host.grpc.tls.pem: {certificate} with the key {privateKey} cannot be used: ", Assert.Single(reading.Problems).ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_certificate_is_loaded_with_its_key_and_its_chain_without_itself()
    {
        var (pem, key) = Certificates.Write(_folder);

        var certificate = new TlsFiles(pem, key, null).ReadCertificate().Value;

        Assert.NotNull(certificate);
        Assert.True(certificate.Leaf.HasPrivateKey);
        Assert.Empty(certificate.Chain);
    }

    [Theory]
    [InlineData("660", "0660")]
    [InlineData("0777", "0777")]
    [InlineData("000", "0000")]
    [InlineData("1777", null)]
    [InlineData("0689", null)]
    [InlineData("60", null)]
    [InlineData("00600", null)]
    [InlineData("rw-", null)]
    public void The_mode_of_a_socket_is_octal(string text, string? expected) => Assert.Equal(expected, SocketMode.Parse(text)?.ToString());

    [Fact]
    public void An_unknown_group_of_the_socket_is_an_error()
    {
        var reading = Read("host.grpc.socket = /run/h.sock\nhost.grpc.socket.group = no-such-group");

        Assert.Null(reading.Settings);
        Assert.Equal(
            $"{_folder.At("main.conf")}:2: host.grpc.socket.group: \"no-such-group\" cannot be used; allowed is the name or the number of a group of this machine",
            Assert.Single(reading.Problems).ToString());
    }

    [Fact]
    public void An_authority_of_clients_must_be_one()
    {
        var (pem, key) = Certificates.Write(_folder);
        var reading = Read($"host.grpc.tls = yes\nhost.grpc.tls.pem = {pem}\nhost.grpc.tls.key = {key}\nhost.grpc.tls.client_ca = {key}");

        Assert.Null(reading.Settings);
        Assert.Equal(
            $"{_folder.At("main.conf")}:4: host.grpc.tls.client_ca: {key} cannot be used: it holds no authority's own certificate, "
            + "one that is signed by itself, in PEM form",
            Assert.Single(reading.Problems).ToString());
    }

    [Fact]
    public void Hermes_needs_an_address_and_a_table_and_a_CA_that_can_be_read()
    {
        var missing = _folder.At("missing.pem");
        var reading = Read($"hermes.enable = yes\nhermes.grpc.tls = yes\nhermes.grpc.tls.ca_cert = {missing}");

        Assert.Equal(["hermes.grpc.tls.ca_cert", "hermes.grpc.address", "hermes.table"], reading.Problems.Select(problem => problem.Key));
    }

    [Fact]
    public void A_missing_file_is_an_error()
    {
        var missing = _folder.At("missing.conf");

        var reading = ServerSettings.Read(missing);

        Assert.Null(reading.Settings);
        Assert.Equal($"{missing}: cannot be read: Could not find file '{missing}'.", Assert.Single(reading.Problems).ToString());
    }

    [Fact]
    public void The_settings_in_effect_are_described_key_by_key()
    {
        Assert.Equal(
            [
                "configuration = (none, defaults)",
                "host.grpc.address = 127.0.0.1:3041 (no TLS)",
                "host.state_dir = /home/me/.local/state/hephaestus",
                "plan.rule_dir = /work/plans",
                "plan.rule_log = /home/me/.local/state/hephaestus/dumps",
                "plan.trust = warn",
                "exec.max_concurrent = 1000",
                "exec.grace = 10s",
                "exec.cgroup = auto",
                "log.late_output = 1m",
                "history.sync = normal",
                "history.keep_* = (none, everything is kept)",
                "audit.keep_days = 365",
                "hermes.enable = no",
                "access.* = (none, whoever reaches the server is operator)",
            ],
            ServerSettingsReader.Read(null, Protocol.Configuration.Configuration.Empty, s_surroundings).Settings?.Describe());
    }

    private SettingsReading Read(string text)
    {
        var file = _folder.File("main.conf", text);
        return ServerSettingsReader.Read(file, ConfigurationFile.Read(file), s_surroundings);
    }
}
