using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Reactive.Concurrency;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Hephaestus.Server.Access;
using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Configuration;
using Hephaestus.Server.Streaming;
using Hephaestus.Tests.Configuration;
using Hephaestus.Tests.EndToEnd;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace Hephaestus.Tests.Access;

/// <summary>The server's identification behind a real port, with nothing behind it: it answers each call with who makes it.</summary>
internal sealed class Porch : IAsyncDisposable
{
    private static readonly CatalogueTiming s_soon =
        new(TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(10));

    private readonly EventLoopScheduler _scheduler = new(start => new Thread(start) { IsBackground = true });
    private readonly WebApplication _application;

    private Porch(TemporaryFolder folder, string configuration, TimeProvider clock)
    {
        var reading = ServerSettings.Read(folder.File("main.conf", $"host.state_dir = {folder.Path}\n{configuration}"));
        Assert.True(reading.Settings is not null, string.Join('\n', reading.Problems));
        Credentials = Credentials.Open(reading.Settings, new Looks(_scheduler, s_soon, Log));
        var identification = new Identification(Credentials, clock);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            if (Credentials.Certificate is { } certificate)
            {
                listen.UseHttps(new TlsHandshakeCallbackOptions
                {
                    OnConnection = new TlsHandshake(certificate.Values, Credentials.Authority?.Values, Log).Begin,
                });
            }
        }));
        _application = builder.Build();
        _application.Run(call => AnswerAsync(call, identification));
    }

    public Credentials Credentials { get; }

    /// <summary>What it warned about.</summary>
    public HeardLog Log { get; } = new();

    public Uri Address { get; private set; } = new("http://unknown");

    public static async Task<Porch> OpenAsync(TemporaryFolder folder, string configuration = "", TimeProvider? clock = null)
    {
        var porch = new Porch(folder, configuration, clock ?? TimeProvider.System);
        await porch._application.StartAsync().DefaultTimeout();
        porch.Address = new Uri(porch._application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return porch;
    }

    /// <summary>Somebody who comes with a certificate or without, always through the same connection.</summary>
    public Visitor Visitor(X509Certificate2? certificate = null, params X509Certificate2[] others) => new(Address, certificate, others);

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        Credentials.Dispose();
        _scheduler.Dispose();
    }

    private static Task AnswerAsync(HttpContext call, Identification identification)
    {
        try
        {
            var caller = identification.Identify(call);
            return call.Response.WriteAsync($"{caller.Name}: {string.Join(' ', caller.Proved)}");
        }
        catch (RpcException refusal)
        {
            return call.Response.WriteAsync($"{refusal.StatusCode}: {refusal.Status.Detail}");
        }
    }
}

/// <summary>Asks a porch who it is taken for.</summary>
internal sealed class Visitor : IDisposable
{
    private readonly HttpClient _client;

    public Visitor(Uri address, X509Certificate2? certificate, X509Certificate2[] others)
    {
        var tls = new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = (_, shown, _, _) =>
            {
                Seen = shown?.GetSerialNumberString();
                return shown is not null;
            },
            ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, [.. others], offline: true),
        };
        _client = new HttpClient(new SocketsHttpHandler { SslOptions = tls, UseProxy = false })
        {
            BaseAddress = address,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = Timeouts.Default,
        };
    }

    /// <summary>The serial number of the server's certificate.</summary>
    public string? Seen { get; private set; }

    /// <summary>The answer; null: no connection came about.</summary>
    /// <param name="authorization">Headers of that name.</param>
    public async Task<string?> AskAsync(params string[] authorization)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        foreach (var value in authorization)
        {
            Assert.True(request.Headers.TryAddWithoutValidation("authorization", value));
        }

        try
        {
            using var response = await _client.SendAsync(request);
            return await response.Content.ReadAsStringAsync();
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    public void Dispose() => _client.Dispose();
}
