using Hephaestus.Tests.Configuration;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Cli;

public sealed class TlsTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private ServerHome? _home;
    private string _address = "";

    public async Task InitializeAsync()
    {
        var (pem, key) = Certificates.Write(_folder);
        _home = new ServerHome("host.grpc.tls = yes", $"host.grpc.tls.pem = {pem}", $"host.grpc.tls.key = {key}");
        _home.Plan("a", "ok", "<plan id=\"o\"></plan>\n<step name=\"s\">\ntrue\n</step>\n");
        _address = (await _home.StartAsync()).Address;
    }

    public async Task DisposeAsync()
    {
        await _home!.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task An_authority_of_ones_own_and_an_expected_name_are_enough()
    {
        var result = await RunAsync($"node.t.ca_cert = {_folder.At("hephaestus.test.pem")}\nnode.t.domain = hephaestus.test\n");

        Assert.Equal((0, "a\n"), (result.ExitCode, result.Out));
        Assert.Contains("with TLS, expecting the name hephaestus.test certified by ", result.Err, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("node.t.ca_cert = {0}\n", "RemoteCertificateNameMismatch")]
    [InlineData("node.t.ca_cert = {0}\nnode.t.domain = other.test\n", "RemoteCertificateNameMismatch")]
    [InlineData("node.t.ca_cert = {1}\nnode.t.domain = hephaestus.test\n", "UntrustedRoot")]
    [InlineData("node.t.domain = hephaestus.test\n", "UntrustedRoot")]
    public async Task Another_name_and_another_authority_are_refused(string keys, string why)
    {
        Certificates.Write(_folder, "stranger.test");
        var result = await RunAsync(keys
            .Replace("{0}", _folder.At("hephaestus.test.pem"), StringComparison.Ordinal)
            .Replace("{1}", _folder.At("stranger.test.pem"), StringComparison.Ordinal));

        Assert.Equal((4, ""), (result.ExitCode, result.Out));
        Assert.Contains(why, result.Err, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/nowhere.pem", "cannot be read: ")]
    [InlineData("/dev/null", "holds no certificate in PEM form")]
    public async Task An_authority_that_cannot_be_read_is_said(string file, string why)
    {
        var result = await RunAsync($"node.t.ca_cert = {file}\n");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains(file, result.Err, StringComparison.Ordinal);
        Assert.Contains(why, result.Err, StringComparison.Ordinal);
    }

    private Task<CliResult> RunAsync(string keys) => CliProcess.RunAsync(
        "-v", "-c", _folder.File("client.conf", $"node.t.address = {_address}\n{keys}"), "-H", "cfg://t", "list-plan-sets");
}
