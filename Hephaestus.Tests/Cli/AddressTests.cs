using Hephaestus.Tests.Configuration;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Cli;

/// <summary>Where the built program finds the server.</summary>
public sealed class AddressTests(CliServer cli) : IClassFixture<CliServer>, IDisposable
{
    private const string Nowhere = "http://127.0.0.1:1";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_environment_takes_every_address_that_the_command_line_takes()
    {
        var configuration = _folder.File("client.conf", $"node.home.address = unix://{cli.Home.Socket}\n");
        foreach (var address in new[] { cli.Server.Address, $"unix://{cli.Home.Socket}", "cfg://home" })
        {
            var ofEnvironment = await CliProcess.RunAsync([("HEPHAESTUS_HOST", $" {address}")], "-c", configuration, "list-plan-sets");
            var ofOption = await CliProcess.RunAsync("-c", configuration, "-H", address, "list-plan-sets");

            Assert.Equal(new CliResult(0, "daily\nempty#2\n", ""), ofEnvironment);
            Assert.Equal(ofEnvironment, ofOption);
        }
    }

    [Fact]
    public async Task The_command_line_counts_before_the_environment()
    {
        var reached = await CliProcess.RunAsync([("HEPHAESTUS_HOST", Nowhere)], "-H", cli.Server.Address, "list-plan-sets");
        var notReached = await CliProcess.RunAsync([("HEPHAESTUS_HOST", cli.Server.Address)], "-H", Nowhere, "list-plan-sets");

        Assert.Equal((0, 4), (reached.ExitCode, notReached.ExitCode));
        Assert.Equal($"hephaestus-cli: cannot reach {Nowhere}: Connection refused\n", notReached.Err);
    }

    [Theory]
    [InlineData("server:3041", "HEPHAESTUS_HOST: the address 'server:3041' cannot be used")]
    [InlineData("unix://server.sock", "HEPHAESTUS_HOST: the address 'unix://server.sock' has no absolute path")]
    [InlineData(" ", "--hostname is missing: where is the server? for example --hostname http://127.0.0.1:3041, or HEPHAESTUS_HOST=")]
    public async Task An_address_of_the_environment_that_cannot_be_used_is_said(string address, string message)
    {
        var result = await CliProcess.RunAsync([("HEPHAESTUS_HOST", address)], "plans");

        Assert.Equal((2, ""), (result.ExitCode, result.Out));
        Assert.StartsWith($"hephaestus-cli: {message}", result.Err, StringComparison.Ordinal);
    }
}
