using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Hephaestus.Cli.Connection;
using Hephaestus.Tests.Configuration;

namespace Hephaestus.Tests.Cli;

public sealed class TokenTests : IDisposable
{
    private const string Secret = "ci.c2VjcmV0LXdvcmQ";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Secret)]
    [InlineData($"{Secret}\n")]
    [InlineData($" \t{Secret} \r\nwhat follows does not count ä\n")]
    public void The_first_line_of_a_file_is_the_token(string content) =>
        Assert.Equal(Secret, Token.In(_folder.File("token", content)).Read());

    [Theory]
    [InlineData("", "the first line of {0} holds no token")]
    [InlineData("\nsecret\n", "the first line of {0} holds no token")]
    [InlineData("secret word\n", "the first line of {0} holds no token: there is a blank, a control or a letter beyond ASCII in it")]
    [InlineData("secret\u0001\n", "the first line of {0} holds no token: there is a blank, a control or a letter beyond ASCII in it")]
    [InlineData("secrät\n", "the first line of {0} holds no token: there is a blank, a control or a letter beyond ASCII in it")]
    public void What_is_no_token_is_said_without_telling_it(string content, string message) => Assert.Equal(
        string.Format(null, message, _folder.At("token")),
        Assert.Throws<UsageException>(() => Token.In(_folder.File("token", content))).Message);

    [Fact]
    public void A_token_has_4096_bytes_at_most()
    {
        var longest = new string('x', 4096);

        Assert.Equal(longest, Token.In(_folder.File("longest", longest + "\n")).Read());
        Assert.Equal(longest, Token.Of("T", longest).Read());
        Assert.Contains("longer than 4096 bytes", Assert.Throws<UsageException>(() => Token.In(_folder.File("long", longest + "x"))).Message);
        Assert.Contains("longer than 4096 bytes", Assert.Throws<UsageException>(() => Token.Of("T", longest + "x")).Message);
    }

    [Fact]
    public void A_file_that_cannot_be_read_is_said()
    {
        Assert.StartsWith("the token cannot be read: ", Assert.Throws<UsageException>(() => Token.In(_folder.At("none"))).Message);
        Assert.StartsWith("the token cannot be read: ", Assert.Throws<UsageException>(() => Token.In(_folder.Path)).Message);
    }

    [Fact]
    public void A_file_is_read_anew_each_time_and_what_it_was_counts_while_it_is_being_replaced()
    {
        var token = Token.In(_folder.File("token", "first"));

        _folder.File("token", "second");
        Assert.Equal("second", token.Read());
        _folder.File("token", "");
        Assert.Equal("second", token.Read());
        File.Delete(_folder.At("token"));
        Assert.Equal("second", token.Read());
        _folder.File("token", "third");
        Assert.Equal("third", token.Read());
    }

    [Fact]
    public void Whatever_a_variable_holds_is_a_token_for_a_header_or_refused_without_telling_it() =>
        Prop.ForAll(ArbMap.Default.ArbFor<NonNull<string>>(), text =>
        {
            try
            {
                Assert.Matches("^[!-~]+$", Token.Of("T", text.Get).Read());
            }
            catch (UsageException refused)
            {
                Assert.DoesNotMatch("^[!-~]+$", text.Get.Trim());
                Assert.True(text.Get.Trim().Length < 4 || !refused.Message.Contains(text.Get.Trim(), StringComparison.Ordinal));
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Theory]
    [InlineData("https://server.example:3041")]
    [InlineData("https://192.0.2.1:3041")]
    [InlineData("http://127.0.0.1:3041")]
    [InlineData("http://127.1.2.3:3041")]
    [InlineData("http://[::1]:3041")]
    [InlineData("http://[::ffff:127.0.0.1]:3041")]
    [InlineData("http://localhost:3041")]
    [InlineData("http://LOCALHOST:3041")]
    [InlineData("unix:///run/server.sock")]
    public void A_token_goes_where_nobody_on_the_way_can_read_it(string address) => Assert.Equal(
        Secret,
        Destination.Parse(address).Showing(Token.Of("T", Secret)).Credentials.Token!.Read());

    [Theory]
    [InlineData("http://server.example:3041")]
    [InlineData("http://192.0.2.1:3041")]
    [InlineData("http://0.0.0.0:3041")]
    [InlineData("http://[::]:3041")]
    [InlineData("http://[::ffff:192.0.2.1]:3041")]
    [InlineData("http://127.0.0.1.nip.example:3041")]
    [InlineData("http://localhost.example:3041")]
    [InlineData("http://localhost.:3041")]
    [InlineData("http://notlocalhost:3041")]
    public void A_token_goes_nowhere_else(string address) => Assert.Equal(
        $"the token of T is not sent to {address} without TLS; right is https://HOST:PORT or, for a server on this machine, "
        + "http://127.0.0.1:PORT, http://localhost:PORT or unix:///PATH",
        Assert.Throws<UsageException>(() => Destination.Parse(address).Showing(Token.Of("T", Secret))).Message);

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("::1", true)]
    [InlineData("::ffff:127.0.0.2", true)]
    [InlineData("192.0.2.1", false)]
    [InlineData("::ffff:192.0.2.1", false)]
    public void When_localhost_is_another_machine_the_connection_is_not_used(string reached, bool used)
    {
        var destination = Destination.Parse("http://localhost:3041").Showing(Token.Of("T", Secret));

        var refusal = Record.Exception(() => Sockets.CheckReached(destination, new IPEndPoint(IPAddress.Parse(reached), 3041)));

        Assert.Equal(used, refusal is null);
        Assert.True(used || refusal is IOException { Message: var said } && said.Contains(reached, StringComparison.Ordinal));
    }
}
