using Hephaestus.Protocol.Configuration;
using Hephaestus.Server.Access;
using Hephaestus.Server.Configuration;
using Hephaestus.Tests.Configuration;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Access;

/// <summary>What a start says of who could do what.</summary>
public sealed class ExposureTests : IDisposable
{
    private const string Root = "runs as root without rules of access: any user of this machine can run plans, as any user; set access.* keys";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", false, false)]
    [InlineData("", true, false, Root)]
    [InlineData("", true, true)]
    [InlineData("host.grpc.address = 10.0.0.1:1\nhost.grpc.insecure = yes", false, false,
        "host.grpc.insecure = yes: anybody who reaches 10.0.0.1:1 can run plans, and read what is sent there")]
    [InlineData("host.grpc.address = 10.0.0.1:1\nhost.grpc.insecure = yes", true, false, Root,
        "host.grpc.insecure = yes: anybody who reaches 10.0.0.1:1 can run plans, and read what is sent there")]
    [InlineData("host.grpc.address = 10.0.0.1:1\nTLS", false, false,
        "TLS alone asks nobody who they are: anybody who reaches 10.0.0.1:1 can run plans; set access.* keys")]
    [InlineData("host.grpc.address = 10.0.0.1:1\nTLS", false, true)]
    [InlineData("host.grpc.address = 10.0.0.1:1\nhost.grpc.insecure = yes", false, true,
        "without TLS all that is sent to 10.0.0.1:1 can be read on its way, tokens too; set host.grpc.tls = yes",
        "host.grpc.insecure = yes is not needed here, and would let a change of other keys pass; remove it")]
    [InlineData("host.grpc.insecure = yes", false, false,
        "host.grpc.insecure = yes is not needed here, and would let a change of other keys pass; remove it")]
    public void Who_could_do_more_than_one_may_think_is_said(string configuration, bool isRoot, bool isRuled, params string[] expected)
    {
        var (pem, key) = Certificates.Write(_folder);
        var file = _folder.File("main.conf", configuration.Replace(
            "TLS", $"host.grpc.tls = yes\nhost.grpc.tls.pem = {pem}\nhost.grpc.tls.key = {key}", StringComparison.Ordinal));
        var reading = ServerSettingsReader.Read(file, ConfigurationFile.Read(file), new Surroundings(isRoot, null, "/home/me", "/work"));

        Assert.NotNull(reading.Settings);
        Assert.Equal(expected, Exposure.Of(reading.Settings with { Access = isRuled ? new AccessRules([]) : AccessRules.Unset }, isRoot));
    }

    [Fact]
    public async Task A_start_as_root_warns_and_another_does_not()
    {
        await using var home = new ServerHome();
        await using var server = await home.StartAsync();

        Assert.Equal(Environment.IsPrivilegedProcess, server.Errors.Contains($"hephaestus: warning: {Root}\n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_insecure_address_is_warned_about_at_every_start()
    {
        await using var home = new ServerHome("host.grpc.address = 0.0.0.0:0", "host.grpc.insecure = yes");
        for (var start = 0; start < 2; start++)
        {
            await using var server = await home.StartAsync();
            Assert.Contains(
                "hephaestus: warning: host.grpc.insecure = yes: anybody who reaches 0.0.0.0:0 can run plans, and read what is sent there\n", server.Errors);
            Assert.Equal(0, await server.StopAsync());
        }
    }
}
