using Hephaestus.Cli.Connection;
using Hephaestus.Tests.Configuration;

namespace Hephaestus.Tests.Cli;

public sealed class ClientConfigurationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _warnings = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_name_stands_for_address_authority_and_expected_name()
    {
        var destination = Find("home", "node.home.address = https://10.0.0.1:3041 // in the cellar\nnode.home.ca_cert = /etc/ca.pem\nnode.home.domain = server.example\n");

        Assert.Equal("https://server.example:3041/", destination.Uri.AbsoluteUri);
        Assert.Equal("Unspecified/10.0.0.1:3041", destination.EndPoint.ToString());
        Assert.Equal("/etc/ca.pem", destination.Authority);
        Assert.Equal("https://10.0.0.1:3041 (cfg://home)", destination.Text);
        Assert.Empty(_warnings);
    }

    [Fact]
    public void Without_TLS_there_is_no_authority_to_trust() =>
        Assert.Null(Find("home", "node.home.address = http://10.0.0.1:3041\nnode.home.ca_cert = /etc/ca.pem\n").Authority);

    [Fact]
    public void A_name_that_is_not_there_is_answered_with_those_that_are() => Assert.Equal(
        $"{_folder.At("client.conf")} defines no server 'hom'; it defines away, home",
        Refusal("hom", "node.home.address = http://a:1\nnode.away.address = http://b:1\n"));

    [Fact]
    public void A_file_without_servers_says_how_one_is_defined() => Assert.Equal(
        $"{_folder.At("client.conf")} defines no server; a line of it should be node.home.address = http://HOST:PORT",
        Refusal("home", "# nothing\n"));

    [Fact]
    public void What_is_wrong_with_an_address_is_said_with_its_place() => Assert.StartsWith(
        $"{_folder.At("client.conf")}:2: node.home.address: the address 'home:1' cannot be used",
        Refusal("home", "\nnode.home.address = home:1\n"));

    [Fact]
    public void A_domain_that_is_no_name_is_said_with_its_place() => Assert.Equal(
        $"{_folder.At("client.conf")}:2: node.home.domain: 'a b' is no host name",
        Refusal("home", "node.home.address = https://home:1\nnode.home.domain = a b\n"));

    [Fact]
    public void Every_line_that_means_nothing_is_said() => Assert.Equal(2, Refusal("home", "nonsense\n= x\nnode.home.address = http://a:1\n").Split('\n').Length);

    [Fact]
    public void A_file_that_is_not_there_is_said() => Assert.StartsWith(
        "/nowhere/client.conf: cannot be read: ",
        Assert.Throws<UsageException>(() => ClientConfiguration.Read("/nowhere/client.conf", _warnings.Add)).Message);

    [Fact]
    public void A_misspelt_key_of_the_wanted_server_is_warned_of_and_no_other()
    {
        Find("home", "node.home.address = https://a:1\nnode.home.ca-cert = /x\nnode.away.ca-cert = /x\nnode.home.lab.address = http://b:1\n");

        Assert.Equal([$"{_folder.At("client.conf")}:2: node.home.ca-cert: warning: unknown key, ignored; did you mean node.home.ca_cert?"], _warnings);
    }

    [Fact]
    public void A_socket_can_be_an_address() => Assert.Equal(
        "/run/server.sock",
        Find("home", "node.home.address = unix:///run/server.sock\n").EndPoint.ToString());

    [Theory]
    [InlineData("node.home.cert = /a.pem", "node.home.cert: needs node.home.key as well, the file with its private key")]
    [InlineData("node.home.key = /a.key", "node.home.key: needs node.home.cert as well, the file with its certificate")]
    [InlineData("node.home.token_file = /nowhere/token", "node.home.token_file: the token cannot be read: ")]
    [InlineData("node.home.token_file = /dev/null", "node.home.token_file: the first line of /dev/null holds no token")]
    public void What_is_wrong_with_a_credential_is_said_with_its_place(string line, string message) => Assert.StartsWith(
        $"{_folder.At("client.conf")}:2: {message}",
        Refusal("home", $"node.home.address = https://a:1\n{line}\n"));

    [Fact]
    public void A_certificate_and_a_key_must_belong_together()
    {
        var (pem, key) = Certificates.Write(_folder, "anna");
        var (_, other) = Certificates.Write(_folder, "bert");
        var refused = $"does not hold the private key of the first certificate in {pem}, in PEM form and not encrypted";
        var conf = _folder.At("client.conf");

        Assert.Equal($"the certificate of CN=anna in {pem}", Find("home", Pair(pem, key)).Credentials.Text);
        Assert.Equal($"{conf}:3: node.home.key: {other} {refused}", Refusal("home", Pair(pem, other)));
        Assert.Equal($"{conf}:3: node.home.key: {pem} {refused}", Refusal("home", Pair(pem, pem)));
        Assert.Equal($"{conf}:2: node.home.cert: {key} holds no certificate in PEM form", Refusal("home", Pair(key, key)));
        Assert.StartsWith($"{conf}:2: node.home.cert: the certificate cannot be read: ", Refusal("home", Pair(_folder.At("none"), key)), StringComparison.Ordinal);
        Assert.StartsWith($"{conf}:3: node.home.key: the private key cannot be read: ", Refusal("home", Pair(pem, _folder.At("none"))), StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_that_has_expired_is_warned_of()
    {
        var end = DateTimeOffset.Now.AddHours(-1);
        var people = ClientCertificates.Write(_folder, "anna", end);
        Find("home", Pair(people.Pem, people.Key));

        Assert.Equal(
            [$"{_folder.At("client.conf")}:2: node.home.cert: warning: the certificate in {people.Pem} has expired at {end:yyyy-MM-dd HH:mm:ss}"],
            _warnings);
    }

    [Fact]
    public void Without_TLS_a_certificate_is_not_shown_which_is_said()
    {
        Assert.Null(Find("home", "node.home.address = http://a:1\nnode.home.cert = /a\nnode.home.key = /b\n").Credentials.Text);
        Assert.Equal([$"{_folder.At("client.conf")}:2: node.home.cert: warning: not shown: only https:// addresses have certificates"], _warnings);
    }

    [Fact]
    public void Secrets_that_everybody_can_read_are_warned_of_and_no_others()
    {
        var (pem, key) = Certificates.Write(_folder, "anna");
        var token = _folder.File("token", "ci.secret");
        File.CreateSymbolicLink(_folder.At("link"), token);
        var conf = Pair(pem, key) + $"node.home.token_file = {_folder.At("link")}\n";
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        File.SetUnixFileMode(token, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Find("home", conf);
        Assert.Empty(_warnings);

        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        File.SetUnixFileMode(token, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Find("home", conf);

        Assert.Equal(
            [
                $"{_folder.At("client.conf")}:3: node.home.key: warning: everybody can read {key}; right is: chmod o-r {key}",
                $"{_folder.At("client.conf")}:4: node.home.token_file: warning: everybody can read {_folder.At("link")}; right is: chmod o-r {_folder.At("link")}",
            ],
            _warnings);
    }

    private static string Pair(string pem, string key) => $"node.home.address = https://a:1\nnode.home.cert = {pem}\nnode.home.key = {key}\n";

    private Destination Find(string name, string content) =>
        ClientConfiguration.Read(_folder.File("client.conf", content), _warnings.Add).Find(name);

    private string Refusal(string name, string content) => Assert.Throws<UsageException>(() => Find(name, content)).Message;
}
