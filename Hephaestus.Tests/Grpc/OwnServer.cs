using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using Hephaestus.Tests.Configuration;
using Hephaestus.Tests.EndToEnd;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Hephaestus.Tests.Grpc;

/// <summary>Kestrel with the server under test.</summary>
internal sealed class OwnServer : TrialServer
{
    private readonly WebApplication _application;
    private readonly string _certificate;
    private readonly string[] _places;

    private OwnServer(TemporaryFolder folder, WebApplication application, string certificate) : base(folder)
    {
        _application = application;
        _certificate = certificate;
        _places = [.. application.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>()
            .Addresses.Select(address => address.Contains("unix:", StringComparison.Ordinal)
                ? address[(address.IndexOf("unix:", StringComparison.Ordinal) + 5)..]
                : $"localhost:{new Uri(address).Port}")];
    }

    public TrialState State => _application.Services.GetRequiredService<TrialState>();

    protected override ChannelReader<string> Words => State.Words;

    public static async Task<OwnServer> StartAsync(
        Action<IServiceCollection>? addServices = null, Action<WebApplication>? map = null)
    {
        var folder = new TemporaryFolder();
        var (certificate, key) = Certificates.Write(folder, "localhost");
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore().AddSingleton<TrialState>();
        builder.Services.AddGrpc(options => options.ResponseCompressionAlgorithm = "gzip");
        addServices?.Invoke(builder.Services);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2);
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.UseHttps(
                X509Certificate2.CreateFromPemFile(certificate, key)));
            kestrel.ListenUnixSocket(folder.At("trial.sock"));
        });
        var application = builder.Build();
        application.UseRouting();
        application.MapGrpcService<TrialService>();
        map?.Invoke(application);
        await application.StartAsync().DefaultTimeout();
        return new OwnServer(folder, application, certificate);
    }

    public override TrialTarget At(Transport transport) => new(transport, _places[(int)transport], _certificate);

    public Task StopAsync() => _application.StopAsync().DefaultTimeout();

    public override async ValueTask DisposeAsync()
    {
        State.Release();
        await _application.DisposeAsync().AsTask().DefaultTimeout();
        await base.DisposeAsync();
    }
}
