using System.Diagnostics;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>TLS between the programs, with certificates that scripts/make-certs makes.</summary>
public sealed class TlsTests
{
    [Fact]
    public async Task A_client_that_knows_authority_and_name_gets_through_and_others_do_not()
    {
        await using var home = new ServerHome();
        var certificates = Path.Combine(home.Directory, "certs");
        await MakeAsync(certificates, "hephaestus.example");
        await File.AppendAllLinesAsync(home.Configuration,
        [
            "host.grpc.tls = yes",
            $"host.grpc.tls.pem = {certificates}/server.pem",
            $"host.grpc.tls.key = {certificates}/server.key",
        ]);
        home.Plan("set", "hello", "<plan id=\"x\"></plan>\n<step name=\"a\">echo over TLS</step>\n");
        await using var server = await home.StartAsync();
        var clientConfiguration = Path.Combine(home.Directory, "client.conf");
        await File.WriteAllLinesAsync(clientConfiguration,
        [
            .. Node("right", server.Address, $"{certificates}/ca.pem", "hephaestus.example"),
            .. Node("wrongname", server.Address, $"{certificates}/ca.pem", "else.example"),
            .. Node("wrongca", server.Address, $"{certificates}/server.pem", "hephaestus.example"),
        ]);

        var right = await RunAsync("cfg://right", "exec", "--set", "set", "--name", "hello", "--follow");
        var wrongName = await RunAsync("cfg://wrongname", "list-plan-sets");
        var wrongAuthority = await RunAsync("cfg://wrongca", "list-plan-sets");
        var systemTrust = await RunAsync(server.Address, "list-plan-sets");
        var clearText = await RunAsync(server.Address.Replace("https", "http", StringComparison.Ordinal), "list-plan-sets");

        Assert.StartsWith("https://", server.Address, StringComparison.Ordinal);
        Assert.Equal(0, right.ExitCode);
        Assert.Contains("I over TLS\n", right.Out);
        Assert.All([wrongName, wrongAuthority, systemTrust, clearText], refused =>
        {
            Assert.Equal(4, refused.ExitCode);
            Assert.Empty(refused.Out);
            Assert.Single(refused.Err.TrimEnd('\n').Split('\n'));
        });

        Task<CliResult> RunAsync(string address, params string[] arguments) =>
            CliProcess.RunAsync(["--config", clientConfiguration, "--hostname", address, .. arguments]);
    }

    private static string[] Node(string name, string address, string authority, string domain) =>
    [
        $"node.{name}.address = {address}",
        $"node.{name}.ca_cert = {authority}",
        $"node.{name}.domain = {domain}",
    ];

    private static async Task MakeAsync(string directory, string name)
    {
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(Programs.Root, "scripts/make-certs"), [directory, name])
        {
            RedirectStandardOutput = true,
        })!;
        await process.StandardOutput.ReadToEndAsync().DefaultTimeout();
        await process.WaitForExitAsync().DefaultTimeout();
        Assert.Equal(0, process.ExitCode);
    }
}
