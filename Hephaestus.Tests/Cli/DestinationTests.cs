using System.Net;
using System.Net.Sockets;
using Hephaestus.Cli.Connection;

namespace Hephaestus.Tests.Cli;

public sealed class DestinationTests
{
    [Theory]
    [InlineData("http://127.0.0.1:3041", "http", "127.0.0.1", 3041)]
    [InlineData("https://server.example:443", "https", "server.example", 443)]
    [InlineData("http://server.example", "http", "server.example", 80)]
    [InlineData("HTTP://Server.Example:3041/", "http", "server.example", 3041)]
    [InlineData("http://[::1]:3041", "http", "[::1]", 3041)]
    public void Addresses_over_the_network(string text, string scheme, string host, int port)
    {
        var destination = Destination.Parse(text);

        Assert.Equal((scheme, host, port), (destination.Uri.Scheme, destination.Uri.Host, destination.Uri.Port));
        Assert.Equal(host.Trim('[', ']'), Assert.IsType<DnsEndPoint>(destination.EndPoint).Host);
        Assert.Equal(scheme == "https", destination.IsSecure);
    }

    [Fact]
    public void A_socket_is_a_path_from_the_root_on() =>
        Assert.Equal("/run/a b.sock", Assert.IsType<UnixDomainSocketEndPoint>(Destination.Parse("unix:///run/a b.sock").EndPoint).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("server")]
    [InlineData("server:3041")]
    [InlineData("http://")]
    [InlineData("http:// :3041")]
    [InlineData("http://server:0")]
    [InlineData("http://server:65536")]
    [InlineData("http://server:x")]
    [InlineData("http://server:3041/path")]
    [InlineData("http://server:3041?query")]
    [InlineData("http://server:3041#part")]
    [InlineData("http://user@server:3041")]
    [InlineData("ftp://server:3041")]
    [InlineData("unix://run/server.sock")]
    [InlineData("unix://")]
    [InlineData("unix:///")]
    [InlineData("unix:///a-path-that-is-longer-than-the-kernel-takes-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void What_cannot_be_used_is_said_in_one_line(string text)
    {
        var unusable = Assert.Throws<UsageException>(() => Destination.Parse(text));
        Assert.DoesNotContain('\n', unusable.Message);
        Assert.Contains($"'{text}'", unusable.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_name_that_is_expected_may_be_another_than_the_one_that_is_called()
    {
        var destination = Destination.Parse("https://127.0.0.1:3041").Named("server.example");

        Assert.Equal("server.example", destination.Uri.Host);
        Assert.Equal(3041, destination.Uri.Port);
        Assert.Equal("127.0.0.1", Assert.IsType<DnsEndPoint>(destination.EndPoint).Host);
    }
}
