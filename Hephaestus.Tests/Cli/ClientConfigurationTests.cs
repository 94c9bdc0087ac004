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

    private Destination Find(string name, string content) =>
        ClientConfiguration.Read(_folder.File("client.conf", content), _warnings.Add).Find(name);

    private string Refusal(string name, string content) => Assert.Throws<UsageException>(() => Find(name, content)).Message;
}
