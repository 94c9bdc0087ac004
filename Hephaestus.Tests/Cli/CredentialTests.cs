using Grpc.Core;
using Hephaestus.Tests.Configuration;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Cli;

/// <summary>What the built program shows a server of who asks, and what it says of that.</summary>
public sealed class CredentialTests : IDisposable
{
    private const string Secret = "ci.c2VjcmV0LXdvcmQ";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_token_of_the_environment_is_sent_over_loopback_sockets_and_TLS()
    {
        await using var server = await AskedServer.StartAsync();
        string[] addresses = [$"http://127.0.0.1:{server.Port}", $"http://localhost:{server.Port}", $"unix://{server.Socket}", "cfg://t"];
        Configure($"node.t.address = https://127.0.0.1:{server.TlsPort}", $"node.t.ca_cert = {server.Authority}", "node.t.domain = hephaestus.test");
        foreach (var address in addresses)
        {
            var result = await AskAsync([("HEPHAESTUS_TOKEN", $" {Secret} ")], address, "--verbose", "list-plan-sets");

            Assert.Equal((0, "answered\n"), (result.ExitCode, result.Out));
            Assert.Contains(", showing the token of HEPHAESTUS_TOKEN\n", result.Err, StringComparison.Ordinal);
        }

        Assert.Equal(Enumerable.Repeat($"Bearer {Secret}", addresses.Length), server.Tokens);
    }

    [Fact]
    public async Task Without_a_token_none_is_sent()
    {
        await using var server = await AskedServer.StartAsync();

        var result = await AskAsync([("HEPHAESTUS_TOKEN", "")], $"http://127.0.0.1:{server.Port}", "list-plan-sets");

        Assert.Equal(new CliResult(0, "answered\n", ""), result);
        Assert.Equal([""], server.Tokens);
    }

    [Fact]
    public async Task The_environments_token_counts_before_that_of_the_configuration()
    {
        await using var server = await AskedServer.StartAsync();
        Configure($"node.t.address = unix://{server.Socket}", $"node.t.token_file = {TokenFile("of.the-file\n")}");

        var ofFile = await AskAsync([], "cfg://t", "-v", "list-plan-sets");
        var ofEnvironment = await AskAsync([("HEPHAESTUS_TOKEN", Secret)], "cfg://t", "list-plan-sets");

        Assert.Equal((0, 0), (ofFile.ExitCode, ofEnvironment.ExitCode));
        Assert.Contains($", showing the token in {_folder.At("token")}\n", ofFile.Err, StringComparison.Ordinal);
        Assert.Equal(["Bearer of.the-file", $"Bearer {Secret}"], server.Tokens);
    }

    [Fact]
    public async Task Each_new_try_of_a_stream_takes_up_a_token_that_was_replaced()
    {
        await using var server = await AskedServer.StartAsync();
        Configure($"node.t.address = http://127.0.0.1:{server.Port}", $"node.t.token_file = {TokenFile("the.first")}");
        var tries = 0;
        server.Judge = _ =>
        {
            if (++tries == 1)
            {
                TokenFile("the.second");
                throw new RpcException(new Status(StatusCode.Unavailable, "a break"));
            }
        };

        var result = await AskAsync([], "cfg://t", "status", "--id", "1", "--follow");

        Assert.Equal(0, result.ExitCode);
        Assert.Equal(["Bearer the.first", "Bearer the.second"], server.Tokens);
    }

    [Theory]
    [InlineData("http://0.0.0.0:1", "http://0.0.0.0:1")]
    [InlineData("http://127.0.0.1.nip.example:1", "http://127.0.0.1.nip.example:1")]
    [InlineData("cfg://t", "http://server.example:1 (cfg://t)")]
    public async Task A_token_is_not_sent_where_others_could_read_it(string address, string named)
    {
        Configure("node.t.address = http://server.example:1");

        var result = await AskAsync([("HEPHAESTUS_TOKEN", Secret)], address, "-v", "plans");

        Assert.Equal((2, ""), (result.ExitCode, result.Out));
        Assert.StartsWith(
            $"hephaestus-cli: the token of HEPHAESTUS_TOKEN is not sent to {named} without TLS; right is https://HOST:PORT",
            result.Err,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_cannot_stand_in_a_header_is_refused_without_telling_it()
    {
        var result = await AskAsync([("HEPHAESTUS_TOKEN", $"{Secret}\u00e4")], "http://127.0.0.1:1", "plans");

        Assert.Equal(
            new CliResult(2, "", "hephaestus-cli: HEPHAESTUS_TOKEN holds no token: there is a blank, a control or a letter beyond ASCII in it\n"),
            result);
    }

    [Theory]
    [InlineData(StatusCode.Unauthenticated, "")]
    [InlineData(StatusCode.PermissionDenied, "; who may do what is said by access.* in the server's configuration")]
    public async Task A_refusal_says_whom_the_server_sees_and_what_was_sent(StatusCode code, string more)
    {
        await using var server = await AskedServer.StartAsync();
        server.Judge = _ => throw new RpcException(new Status(code, "token:ci, 127.0.0.1 may not do that."));
        foreach (string[] command in new string[][] { ["list-plan-sets"], ["status", "--id", "1", "--follow"] })
        {
            Assert.Equal(
                new CliResult(4, "", $"hephaestus-cli: token:ci, 127.0.0.1 may not do that; sent was the token of HEPHAESTUS_TOKEN{more}\n"),
                await AskAsync([("HEPHAESTUS_TOKEN", Secret)], $"http://127.0.0.1:{server.Port}", command));
            Assert.Equal(
                new CliResult(
                    4,
                    "",
                    "hephaestus-cli: token:ci, 127.0.0.1 may not do that; who you are is shown by HEPHAESTUS_TOKEN, "
                    + "or in client.conf by node.NAME.token_file, or by node.NAME.cert and node.NAME.key\n"),
                await AskAsync([], $"http://127.0.0.1:{server.Port}", command));
        }

        Assert.Equal(4, server.Tokens.Length);
    }

    [Fact]
    public async Task A_client_certificate_is_shown_with_its_chain_and_a_token_beside_it()
    {
        var people = ClientCertificates.Write(_folder, "anna");
        await using var server = await AskedServer.StartAsync(people.Authority);
        ConfigureTls(server, $"node.t.cert = {people.Pem}", $"node.t.key = {people.Key}");

        var result = await AskAsync([("HEPHAESTUS_TOKEN", Secret)], "cfg://t", "-v", "list-plan-sets");

        Assert.Equal((0, "answered\n"), (result.ExitCode, result.Out));
        Assert.Contains($", showing the certificate of CN=anna in {people.Pem} and the token of HEPHAESTUS_TOKEN\n", result.Err, StringComparison.Ordinal);
        Assert.Equal(["CN=anna"], server.Certificates);
        Assert.Equal([$"Bearer {Secret}"], server.Tokens);
    }

    [Fact]
    public async Task A_server_that_wants_another_certificate_is_one_line()
    {
        var people = ClientCertificates.Write(_folder, "anna");
        var stranger = ClientCertificates.Write(_folder, "stranger");
        await using var server = await AskedServer.StartAsync(people.Authority);

        ConfigureTls(server);
        var none = await AskAsync([], "cfg://t", "list-plan-sets");
        ConfigureTls(server, $"node.t.cert = {stranger.Pem}", $"node.t.key = {stranger.Key}");
        var strange = await AskAsync([], "cfg://t", "list-plan-sets");

        Assert.Equal((4, "", 4, ""), (none.ExitCode, none.Out, strange.ExitCode, strange.Out));
        Assert.EndsWith("; the server may want a client certificate (node.NAME.cert and node.NAME.key of the configuration)\n", none.Err, StringComparison.Ordinal);
        Assert.EndsWith($"; the server may not take the certificate of CN=stranger in {stranger.Pem}\n", strange.Err, StringComparison.Ordinal);
        Assert.All([none, strange], refused => Assert.Single(refused.Err.TrimEnd('\n').Split('\n')));
        Assert.Empty(server.Tokens);
    }

    private string TokenFile(string content)
    {
        var file = _folder.File("token", content);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return file;
    }

    private void Configure(params string[] lines) => _folder.File("client.conf", string.Join('\n', lines));

    private void ConfigureTls(AskedServer server, params string[] lines) => Configure(
    [
        $"node.t.address = https://127.0.0.1:{server.TlsPort}",
        $"node.t.ca_cert = {server.Authority}",
        "node.t.domain = hephaestus.test",
        .. lines,
    ]);

    /// <summary>Asks, and makes sure that no secret is told.</summary>
    private async Task<CliResult> AskAsync((string Name, string Value)[] environment, string address, params string[] arguments)
    {
        var result = await CliProcess.RunAsync(environment, ["-c", _folder.At("client.conf"), "-H", address, .. arguments]);
        Assert.DoesNotContain("c2VjcmV0", result.Out + result.Err, StringComparison.Ordinal);
        return result;
    }
}
