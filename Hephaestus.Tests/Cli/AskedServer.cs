using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Hephaestus.Protocol;
using Hephaestus.Tests.Configuration;
using Hephaestus.Tests.EndToEnd;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace Hephaestus.Tests.Cli;

/// <summary>A server that notes who asks it, and answers as the test says.</summary>
internal sealed class AskedServer : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly WebApplication _application;
    private readonly Notes _notes;

    private AskedServer(TemporaryFolder folder, WebApplication application, X509Certificate2? authority)
    {
        (_folder, _application) = (folder, application);
        _notes = application.Services.GetRequiredService<Notes>();
        _notes.Authority = authority;
        var ports = application.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>()
            .Addresses.Where(address => !address.Contains("unix:", StringComparison.Ordinal))
            .Select(address => new Uri(address).Port)
            .ToArray();
        (Port, TlsPort) = (ports[0], ports[1]);
    }

    /// <summary>At loopback, without TLS.</summary>
    public int Port { get; }

    /// <summary>At loopback; the certificate is for hephaestus.test.</summary>
    public int TlsPort { get; }

    public string Socket => _folder.At("asked.sock");

    /// <summary>The authority of the server's certificate.</summary>
    public string Authority => _folder.At("hephaestus.test.pem");

    /// <summary>The authorization of each call so far, in turn; empty: it had none.</summary>
    public string[] Tokens => [.. _notes.Tokens];

    /// <summary>The subjects of the client certificates so far, by TLS connection.</summary>
    public string[] Certificates => [.. _notes.Certificates];

    /// <summary>Decides about each call before it is answered.</summary>
    public Action<ServerCallContext> Judge { set => _notes.Judge = value; }

    /// <param name="clients">Who signs client certificates; null: none is asked for.</param>
    public static async Task<AskedServer> StartAsync(X509Certificate2? clients = null)
    {
        var folder = new TemporaryFolder();
        var (certificate, key) = Configuration.Certificates.Write(folder);
        var notes = new Notes();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore().AddSingleton(notes);
        builder.Services.AddGrpc();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2);
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.UseHttps(tls =>
            {
                tls.ServerCertificate = X509Certificate2.CreateFromPemFile(certificate, key);
                tls.ClientCertificateMode = clients is null ? ClientCertificateMode.NoCertificate : ClientCertificateMode.RequireCertificate;
                tls.ClientCertificateValidation = (client, chain, _) => notes.Take(client, chain);
            }));
            kestrel.ListenUnixSocket(folder.At("asked.sock"));
        });
        var application = builder.Build();
        application.UseRouting();
        application.MapGrpcService<Service>();
        await application.StartAsync().DefaultTimeout();
        return new AskedServer(folder, application, clients);
    }

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync().AsTask().DefaultTimeout();
        _folder.Dispose();
    }

    private sealed class Notes
    {
        public ConcurrentQueue<string> Tokens { get; } = [];

        public ConcurrentQueue<string> Certificates { get; } = [];

        public X509Certificate2? Authority { private get; set; }

        public Action<ServerCallContext> Judge { get; set; } = _ => { };

        /// <summary>Whether a client's certificate leads to the authority by what the client has sent.</summary>
        public bool Take(X509Certificate2 client, X509Chain? sent)
        {
            Certificates.Enqueue(client.Subject);
            using var chain = new X509Chain();
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.Add(Authority!);
            chain.ChainPolicy.ExtraStore.AddRange(sent!.ChainPolicy.ExtraStore);
            return chain.Build(client);
        }

        public void Take(ServerCallContext call)
        {
            Tokens.Enqueue(call.RequestHeaders.GetValue("authorization") ?? "");
            Judge(call);
        }
    }

    private sealed class Service(Notes notes) : Protocol.Hephaestus.HephaestusBase
    {
        public override Task<List> ListPlanSets(Empty request, ServerCallContext context)
        {
            notes.Take(context);
            return Task.FromResult(new List { List_ = { "answered" } });
        }

        public override async Task FollowLog(
            FollowLogRequest request, IServerStreamWriter<LogUpdate> responseStream, ServerCallContext context)
        {
            await responseStream.WriteAsync(new LogUpdate { Heartbeat = new Heartbeat() }, context.CancellationToken);
            notes.Take(context);
            await responseStream.WriteAsync(new LogUpdate { End = new LogEnd { State = State.Ok } }, context.CancellationToken);
        }
    }
}
