using System.Security.Cryptography.X509Certificates;
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
    private readonly Authority _authority = Authority.Make();

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
        using var foreign = Authority.Make("Foreign authority");
        using var namesake = Authority.Make();
        await using var porch = await OpenAsync();
        var refused = new Dictionary<string, X509Certificate2>
        {
            ["expired"] = _authority.Client("CN=anna", ends: TimeSpan.FromMinutes(-1)),
            ["foreign"] = foreign.Client("CN=anna"),
            ["of a namesake"] = namesake.Client("CN=anna"),
            ["self-signed"] = Authority.SelfSigned("CN=anna"),
            ["without a name"] = _authority.Client("O=example"),
            ["two names"] = _authority.Client("CN=anna, CN=berta"),
            ["two names at once"] = _authority.Client(new X500DistinguishedName(Convert.FromHexString(TwoNamesAtOnce))),
            ["empty name"] = _authority.Client("CN=\"\""),
            ["no line"] = _authority.Client("CN=\"an\nna\""),
            ["for servers"] = _authority.Client("CN=anna", purpose: Authority.ForServers),
        };

        foreach (var (what, certificate) in refused)
        {
            using var visitor = porch.Visitor(certificate);
            Assert.True(await visitor.AskAsync() is null, what);
        }
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
        using var second = Authority.Make("Second authority");
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

    private Task<Porch> OpenAsync(TimeProvider? clock = null)
    {
        using var server = Authority.Make("Servers").Server("server.test");
        server.Write(_folder.At("server.pem"), _folder.At("server.key"));
        CertificateFiles.Replace(_folder.At("clients.pem"), _authority.Pem);
        return Porch.OpenAsync(
            _folder,
            $"""
            host.grpc.tls = yes
            host.grpc.tls.pem = {_folder.At("server.pem")}
            host.grpc.tls.key = {_folder.At("server.key")}
            host.grpc.tls.client_ca = {_folder.At("clients.pem")}
            """,
            clock);
    }

    /// <summary>Completes when the porch has taken it in, for good.</summary>
    private async Task ChangeAsync(Porch porch, string authorities)
    {
        var values = porch.Credentials.Authority!.Values;
        var (_, version) = values.Current;
        CertificateFiles.Replace(_folder.At("clients.pem"), authorities);
        var wanted = Server.Configuration.TlsFiles.ReadAuthority(_folder.At("clients.pem")).Value!.Thumbprints;
        while (values.Value.Thumbprints != wanted)
        {
            await values.NextAsync(version, CancellationToken.None).DefaultTimeout();
            version = values.Current.Version;
        }
    }

    private sealed class HandClock(DateTimeOffset now) : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = now;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
