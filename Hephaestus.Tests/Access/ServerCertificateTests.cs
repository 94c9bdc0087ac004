using System.Diagnostics;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;
using Hephaestus.Protocol;
using Hephaestus.Tests.Configuration;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Access;

/// <summary>The server's own certificate, replaced while it runs.</summary>
public sealed class ServerCertificateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestAuthority _authority = TestAuthority.Make();

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task New_connections_see_the_new_one_and_open_streams_go_on()
    {
        using var first = _authority.Server("server.test");
        using var second = _authority.Server("server.test");
        await using var home = Home(first);
        using var gate = new Gate(home);
        home.Plan("set", "p", $"<plan id=\"x\"></plan>\n<step name=\"s\">\n{gate.Wait}; echo afterwards\n</step>\n");
        await using var server = await home.StartAsync();
        using var channel = GrpcChannel.ForAddress(server.Address, new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = Takes(first) } },
        });
        var client = new Protocol.Hephaestus.HephaestusClient(channel);
        var id = (await client.ExecuteAsync(new PlanArg { Set = "set", Plan = "p" }).ResponseAsync.DefaultTimeout()).Id;
        using var patience = new CancellationTokenSource(Timeouts.Default);
        using var follow = client.FollowLog(new FollowLogRequest { Id = id }, cancellationToken: patience.Token);
        Assert.True(await follow.ResponseStream.MoveNext(patience.Token));
        await gate.ArrivedAsync();

        second.Write(Pem, Key);
        while (await SeenAsync(server) != second.SerialNumber)
        {
            Assert.False(patience.IsCancellationRequested, "the new certificate was never seen");
        }

        gate.Open(1);
        var log = new ReadLog();
        do
        {
            log.Take(follow.ResponseStream.Current);
        }
        while (await follow.ResponseStream.MoveNext(patience.Token));
        Assert.Equal("afterwards\n", log.Out(1));
        Assert.Empty(server.Troubles);
    }

    [Fact]
    public async Task A_pair_that_does_not_fit_changes_nothing_and_is_said_until_it_fits()
    {
        using var first = _authority.Server("server.test");
        using var second = _authority.Server("server.test");
        first.Write(Pem, Key);
        await using var porch = await Porch.OpenAsync(_folder, Tls);
        var (_, version) = porch.Credentials.Certificate!.Values.Current;

        CertificateFiles.Replace(Pem, second.ExportCertificatePem());
        await porch.Log.SaysAsync($"{Pem} with the key {Key} cannot be used: ");
        using (var early = porch.Visitor())
        {
            Assert.Equal("anonymous: ", await early.AskAsync());
            Assert.Equal(first.SerialNumber, early.Seen);
        }

        second.Write(Pem, Key);
        await porch.Credentials.Certificate.Values.NextAsync(version, CancellationToken.None).DefaultTimeout();
        using var late = porch.Visitor();
        Assert.Equal("anonymous: ", await late.AskAsync());
        Assert.Equal(second.SerialNumber, late.Seen);
    }

    [Fact]
    public async Task What_is_written_in_place_and_what_a_link_leads_to_elsewhere_is_read()
    {
        using var first = _authority.Server("server.test");
        using var second = _authority.Server("server.test");
        using var third = _authority.Server("server.test");
        first.Write(Pem, Key);
        await using var porch = await Porch.OpenAsync(_folder, Tls);
        var values = porch.Credentials.Certificate!.Values;

        var (_, version) = values.Current;
        await File.WriteAllTextAsync(Key, second.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        await File.WriteAllTextAsync(Pem, second.ExportCertificatePem());
        await values.NextAsync(version, CancellationToken.None).DefaultTimeout();
        Assert.Equal(second.SerialNumber, values.Value.Leaf.SerialNumber);

        Directory.CreateDirectory(_folder.At("elsewhere"));
        third.Write(_folder.At("elsewhere/pem"), _folder.At("elsewhere/key"));
        (_, version) = values.Current;
        foreach (var (link, target) in new[] { (Key, "elsewhere/key"), (Pem, "elsewhere/pem") })
        {
            File.CreateSymbolicLink(link + ".link", target);
            File.Move(link + ".link", link, overwrite: true);
        }

        await values.NextAsync(version, CancellationToken.None).DefaultTimeout();
        Assert.Equal(third.SerialNumber, values.Value.Leaf.SerialNumber);
    }

    [Fact]
    public async Task A_key_that_others_can_read_is_warned_about()
    {
        using var certificate = _authority.Server("server.test");
        await using var home = Home(certificate);
        File.SetUnixFileMode(Key, (UnixFileMode)0b110_100_100);
        await using var server = await home.StartAsync();

        await server.SaysAsync($"{Key} can be read by every user; chmod 600 it");
    }

    [Fact]
    public async Task A_key_that_cannot_be_read_ends_the_start_with_a_line()
    {
        using var certificate = _authority.Server("server.test");
        await using var home = Home(certificate);
        File.Delete(Key);
        Directory.CreateDirectory(Key);
        await using var server = ServerProcess.Launch(home);

        Assert.Equal(2, await server.ExitedAsync());
        Assert.Equal(
            [$"hephaestus: {home.Configuration}:7: host.grpc.tls.pem: {Pem} with the key {Key} cannot be used: {Key}: is not a file"],
            server.Troubles);
    }

    [Theory]
    [InlineData("-tls1_1", false)]
    [InlineData("-tls1", false)]
    [InlineData("-tls1_2", true)]
    [InlineData("-tls1_3", true)]
    public async Task Only_TLS_1_2_and_1_3_are_spoken(string version, bool expected)
    {
        using var certificate = _authority.Server("server.test");
        certificate.Write(Pem, Key);
        await using var porch = await Porch.OpenAsync(_folder, Tls);
        string[] arguments =
        [
            "s_client", "-connect", porch.Address.Authority, version, "-cipher", "DEFAULT:@SECLEVEL=0", "-alpn", "h2", "-CAfile",
            _folder.File("ca.pem", _authority.Pem), "-verify_return_error",
        ];
        using var process = Process.Start(new ProcessStartInfo("openssl", arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.StandardInput.Close();
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync()).DefaultTimeout();
        await process.WaitForExitAsync().DefaultTimeout();

        Assert.Equal(expected, process.ExitCode == 0 && said[0].Contains("ALPN protocol: h2", StringComparison.Ordinal));
        Assert.Equal(!expected, said[1].Contains("alert", StringComparison.Ordinal));
    }

    private string Pem => _folder.At("server.pem");

    private string Key => _folder.At("server.key");

    private string Tls => $"host.grpc.tls = yes\nhost.grpc.tls.pem = {Pem}\nhost.grpc.tls.key = {Key}";

    private ServerHome Home(X509Certificate2 certificate)
    {
        certificate.Write(Pem, Key);
        return new ServerHome(Tls.Split('\n'));
    }

    private static RemoteCertificateValidationCallback Takes(X509Certificate2 expected) =>
        (_, shown, _, _) => shown?.GetSerialNumberString() == expected.SerialNumber;

    private static async Task<string?> SeenAsync(ServerProcess server)
    {
        var address = new Uri(server.Address);
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port).DefaultTimeout();
        await using var tls = new SslStream(client.GetStream(), false, (_, shown, _, _) => shown is not null);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "server.test",
            ApplicationProtocols = [SslApplicationProtocol.Http2],
        }).DefaultTimeout();
        return tls.RemoteCertificate?.GetSerialNumberString();
    }
}
