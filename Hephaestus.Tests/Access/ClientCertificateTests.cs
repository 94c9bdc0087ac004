using System.Diagnostics;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using Hephaestus.Protocol;
using Hephaestus.Server.Access;
using Hephaestus.Tests.Configuration;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Access;

/// <summary>Callers with certificates of their own.</summary>
public sealed class ClientCertificateTests : IDisposable
{
    /// <summary>A subject whose only part holds two common names, anna and berta.</summary>
    private const string TwoNamesAtOnce = "301D311B300B06035504030C04616E6E61300C06035504030C056265727461";

    private readonly TemporaryFolder _folder = new();
    private readonly TestAuthority _authority = TestAuthority.Make();

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_certificate_of_the_authority_names_its_bearer()
    {
        await using var porch = await OpenAsync();
        using var anna = porch.Visitor(_authority.Client("CN=anna, O=example"));
        using var anybody = porch.Visitor(_authority.Client("CN=any purpose", purpose: null));
        using var nobody = porch.Visitor();

        Assert.Equal("cert:anna: cert:anna", await anna.AskAsync());
        Assert.Equal("cert:any purpose: cert:any purpose", await anybody.AskAsync());
        Assert.Equal("anonymous: ", await nobody.AskAsync());
    }

    [Fact]
    public async Task Certificate_and_token_count_together_by_the_name_of_the_token()
    {
        var (entry, text) = TokenEntry.Make("ci", DateTimeOffset.UtcNow);
        TokenFile.Change(_folder.At(TokenFile.DefaultName), tokens => tokens.With(entry));
        await using var porch = await OpenAsync();
        using var anna = porch.Visitor(_authority.Client("CN=anna"));

        Assert.Equal("token:ci: token:ci cert:anna", await anna.AskAsync($"Bearer {text}"));
        Assert.StartsWith("Unauthenticated: the token", await anna.AskAsync($"Bearer {text}x"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_authority_does_not_stand_for_ends_the_handshake()
    {
        using var foreign = TestAuthority.Make("Foreign authority");
        using var namesake = TestAuthority.Make();
        await using var porch = await OpenAsync();
        var refused = new List<(string What, X509Certificate2 Certificate)>
        {
            ("expired", _authority.Client("CN=anna", ends: TimeSpan.FromMinutes(-1))),
            ("foreign", foreign.Client("CN=anna")),
            ("of a namesake", namesake.Client("CN=anna")),
            ("self-signed", TestAuthority.SelfSigned("CN=anna")),
            ("without a name", _authority.Client("O=example")),
            ("two names", _authority.Client("CN=anna, CN=berta")),
            ("two names at once", _authority.Client(new X500DistinguishedName(Convert.FromHexString(TwoNamesAtOnce)))),
            ("empty name", _authority.Client("CN=\"\"")),
            ("no line", _authority.Client("CN=\"an\nna\"")),
            ("for servers", _authority.Client("CN=anna", purpose: TestAuthority.ForServers)),
        };

        foreach (var (what, certificate) in refused)
        {
            using var visitor = porch.Visitor(certificate);
            Assert.True(await visitor.AskAsync() is null, what);
        }

        // Once, however many there are in a short time.
        Assert.Matches(
            @"^A client certificate was refused, presented by 127\.0\.0\.1:\d+: NotTimeValid$", Assert.Single(porch.Log.Lines.Value.Take(1)));
        Assert.InRange(porch.Log.Lines.Value.Length, 1, refused.Count - 1);
    }

    [Fact]
    public async Task An_authority_between_is_sent_along_and_cannot_stand_for_itself()
    {
        using var between = _authority.Below("Between");
        await using var porch = await OpenAsync();
        using var complete = porch.Visitor(between.Client("CN=anna"), between.Certificate);
        using var incomplete = porch.Visitor(between.Client("CN=anna"));

        Assert.Equal("cert:anna: cert:anna", await complete.AskAsync());
        Assert.Null(await incomplete.AskAsync());
    }

    [Fact]
    public async Task A_certificate_that_expires_on_an_open_connection_is_refused_from_then_on()
    {
        var clock = new HandClock(DateTimeOffset.UtcNow);
        await using var porch = await OpenAsync(clock);
        using var anna = porch.Visitor(_authority.Client("CN=anna"));
        Assert.Equal("cert:anna: cert:anna", await anna.AskAsync());

        clock.Now += TimeSpan.FromDays(1.01);

        Assert.StartsWith("Unauthenticated: the client certificate does not count any more: it expired at ", await anna.AskAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_authority_counts_for_open_connections_and_new_ones()
    {
        using var second = TestAuthority.Make("Second authority");
        await using var porch = await OpenAsync();
        var (old, renewed) = (_authority.Client("CN=anna"), second.Client("CN=anna"));
        using var anna = porch.Visitor(old);
        using var early = porch.Visitor(renewed);
        Assert.Equal("cert:anna: cert:anna", await anna.AskAsync());
        Assert.Null(await early.AskAsync());

        await ChangeAsync(porch, _authority.Pem + "\n" + second.Pem);
        using var both = porch.Visitor(renewed);
        Assert.Equal("cert:anna: cert:anna", await both.AskAsync());
        Assert.Equal("cert:anna: cert:anna", await anna.AskAsync());

        await ChangeAsync(porch, second.Pem);
        using var late = porch.Visitor(old);
        Assert.Equal("cert:anna: cert:anna", await both.AskAsync());
        Assert.StartsWith("Unauthenticated: the client certificate does not count any more: ", await anna.AskAsync(), StringComparison.Ordinal);
        Assert.Null(await late.AskAsync());
    }

    [Fact]
    public async Task An_authority_that_cannot_be_read_changes_nothing_and_is_said()
    {
        await using var porch = await OpenAsync();
        using var anna = porch.Visitor(_authority.Client("CN=anna"));
        CertificateFiles.Replace(_folder.At("clients.pem"), "nothing");

        await porch.Log.SaysAsync("clients.pem cannot be used: it holds no authority's own certificate");

        Assert.Equal("cert:anna: cert:anna", await anna.AskAsync());
    }

    [Fact]
    public async Task What_the_script_makes_is_accepted_from_another_client_and_cancels_by_its_name()
    {
        await using var home = new ServerHome();
        var certificates = Path.Combine(home.Directory, "certs");
        await MakeAsync(certificates, "localhost", "127.0.0.1");
        await MakeAsync("client", "anna", certificates);
        await File.AppendAllLinesAsync(home.Configuration,
        [
            "host.grpc.tls = yes",
            $"host.grpc.tls.pem = {certificates}/server.pem",
            $"host.grpc.tls.key = {certificates}/server.key",
            $"host.grpc.tls.client_ca = {certificates}/ca.pem",
        ]);
        home.Plan("set", "p", "<plan id=\"x\"></plan>\n<step name=\"s\">\nsleep 600\n</step>\n");
        await using var server = await home.StartAsync();
        Assert.Contains(
            $"hephaestus: warning: TLS alone asks nobody who they are: anybody who reaches 127.0.0.1:0 can run plans; set access.* keys\n", server.Errors);
        var id = CliProcess.IdIn(await CliProcess.RunAsync("--hostname", $"unix://{home.Socket}", "exec", "--set", "set", "--name", "p"));

        var answer = await CallByCurl.CancelAsync(
            id, server.Address, "", "--cacert", $"{certificates}/ca.pem",
            "--cert", $"{certificates}/client-anna.pem", "--key", $"{certificates}/client-anna.key");
        var foreign = await CallByCurl.CancelAsync(
            id, server.Address, "", "--cacert", $"{certificates}/ca.pem",
            "--cert", $"{certificates}/server.pem", "--key", $"{certificates}/server.key");

        Assert.Contains("grpc-status: 0", answer);
        Assert.Empty(foreign);
        var status = await CliProcess.RunAsync("--hostname", $"unix://{home.Socket}", "status", "--id", $"{id}");
        Assert.Contains("----> Cancelled by cert:anna, 127.0.0.1", status.Out);
        await server.SaysAsync("A client certificate was refused, presented by 127.0.0.1:");
    }

    [Fact]
    public async Task Without_its_rule_or_its_authority_its_streams_end_and_its_calls_are_refused()
    {
        using var second = TestAuthority.Make("Second authority");
        await using var server = await RuledServer.StartAsync(Keys().Split('\n'), "anonymous = none", "cert:anna = viewer");
        using var channel = Channel(server.Process, _authority.Client("CN=anna"));
        var anna = new Protocol.Hephaestus.HephaestusClient(channel);

        using (var before = await WatchAsync(anna))
        {
            await server.RuleAsync("anonymous = none", "cert:berta = viewer");
            Assert.Equal(StatusCode.PermissionDenied, await EndAsync(before));
            Assert.Equal(StatusCode.PermissionDenied, await EndAsync(anna.WatchExecutions(new WatchExecutionsRequest())));
        }

        await server.RuleAsync("anonymous = none", "cert:anna = viewer");
        using (var before = await WatchAsync(anna))
        {
            CertificateFiles.Replace(_folder.At("clients.pem"), second.Pem);
            Assert.Equal(StatusCode.Unauthenticated, await EndAsync(before));
            Assert.Equal(StatusCode.Unauthenticated, await EndAsync(anna.WatchExecutions(new WatchExecutionsRequest())));
        }
    }

    private static GrpcChannel Channel(ServerProcess server, X509Certificate2 certificate) => GrpcChannel.ForAddress(
        server.Address,
        new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                SslOptions = new SslClientAuthenticationOptions
                {
                    RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null,
                    ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
                },
            },
        });

    /// <summary>A stream that has begun.</summary>
    private static async Task<AsyncServerStreamingCall<ExecutionUpdate>> WatchAsync(Protocol.Hephaestus.HephaestusClient client)
    {
        var call = client.WatchExecutions(new WatchExecutionsRequest());
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).DefaultTimeout());
        return call;
    }

    private static async Task<StatusCode> EndAsync(AsyncServerStreamingCall<ExecutionUpdate> call)
    {
        using var patience = new CancellationTokenSource(Timeouts.Default);
        var fault = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext(patience.Token))
            {
                // What was told before it ended.
            }
        });
        return fault.StatusCode;
    }

    private static async Task MakeAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(Programs.Root, "scripts/make-certs"), arguments)
        {
            RedirectStandardOutput = true,
        })!;
        await process.StandardOutput.ReadToEndAsync().DefaultTimeout();
        await process.WaitForExitAsync().DefaultTimeout();
        Assert.Equal(0, process.ExitCode);
    }

    private Task<Porch> OpenAsync(TimeProvider? clock = null) => Porch.OpenAsync(_folder, Keys(), clock);

    /// <summary>Writes all files, and gives the keys that name them.</summary>
    private string Keys()
    {
        using var server = TestAuthority.Make("Servers").Server("server.test");
        server.Write(_folder.At("server.pem"), _folder.At("server.key"));
        CertificateFiles.Replace(_folder.At("clients.pem"), _authority.Pem);
        return $"""
            host.grpc.tls = yes
            host.grpc.tls.pem = {_folder.At("server.pem")}
            host.grpc.tls.key = {_folder.At("server.key")}
            host.grpc.tls.client_ca = {_folder.At("clients.pem")}
            """;
    }

    /// <summary>Completes when the porch has taken it in.</summary>
    private async Task ChangeAsync(Porch porch, string authorities)
    {
        var values = porch.Credentials.Authority!.Values;
        var (_, version) = values.Current;
        CertificateFiles.Replace(_folder.At("clients.pem"), authorities);
        await values.NextAsync(version, CancellationToken.None).DefaultTimeout();
    }

    private sealed class HandClock(DateTimeOffset now) : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = now;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
