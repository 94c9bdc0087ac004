using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Hephaestus.Server.Configuration;

namespace Hephaestus.Tests.Configuration;

public sealed class ListenAddressTests
{
    [Theory]
    [InlineData("127.0.0.1:0", "127.0.0.1", 0)]
    [InlineData("0.0.0.0:65535", "0.0.0.0", 65535)]
    [InlineData("[::1]:3041", "::1", 3041)]
    [InlineData("localhost:3041", "localhost", 3041)]
    [InlineData("a-b.example.org:1", "a-b.example.org", 1)]
    public void An_address_is_read_and_shown_as_it_was(string text, string host, int port)
    {
        var address = ListenAddress.Parse(text);

        Assert.Equal(new ListenAddress(host, port), address);
        Assert.Equal(text, address?.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData(":1")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("127.0.0.1:-1")]
    [InlineData("127.0.0.1: 1")]
    [InlineData("127.1:1")]
    [InlineData("1.2.3.400:1")]
    [InlineData("::1:3041")]
    [InlineData("[::1:3041")]
    [InlineData("[127.0.0.1]:3041")]
    [InlineData("a b:1")]
    [InlineData("http://a:1")]
    public void What_is_no_address_is_none(string text) => Assert.Null(ListenAddress.Parse(text));

    [Fact]
    public void No_text_makes_it_throw()
    {
        var texts = Gen.ListOf(Gen.Elements("[", "]", ":", "::", "1", "255", ".", "a", "-", "%", " ", "é", "65536")).Select(parts => string.Concat(parts)).ToArbitrary();

        Prop.ForAll(texts, text => ListenAddress.Parse(text) is not { } address || address.ToString() == text || address.ToString().Length <= text.Length)
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void It_is_bound_where_its_host_is()
    {
        Assert.Equal([new IPEndPoint(IPAddress.Loopback, 0)], new ListenAddress("localhost", 0).EndPoints());
        Assert.Equal([new IPEndPoint(IPAddress.IPv6Any, 1)], new ListenAddress("::", 1).EndPoints());
    }
}
