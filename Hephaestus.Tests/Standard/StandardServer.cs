using Hephaestus.Protocol.Standard.HealthV1;
using Hephaestus.Server.Standard;
using Hephaestus.Server.Streaming;
using Hephaestus.Tests.Grpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using V1 = Hephaestus.Protocol.Standard.ReflectionV1;
using V1Alpha = Hephaestus.Protocol.Standard.ReflectionV1Alpha;

namespace Hephaestus.Tests.Standard;

/// <summary>A host with the services that are gRPC's own, guarded as the server's calls are.</summary>
internal sealed class StandardServer(OwnServer server, ServingStatus status) : IAsyncDisposable
{
    public ServingStatus Status => status;

    /// <summary>localhost:port.</summary>
    public string Place => Own.At(Transport.ClearText).Place;

    public OwnServer Own => server;

    public static async Task<StandardServer> StartAsync()
    {
        var status = new ServingStatus();
        return new StandardServer(await OwnServer.StartAsync(services => AddTo(services, status), Map), status);
    }

    public Task StopAsync() => Own.StopAsync();

    public ValueTask DisposeAsync() => Own.DisposeAsync();

    private static void AddTo(IServiceCollection services, ServingStatus status)
    {
        services.AddLogging().AddSingleton(status).AddSingleton(new KnownDescriptors(
            Protocol.Hephaestus.Descriptor,
            Health.Descriptor,
            V1.ServerReflection.Descriptor,
            V1Alpha.ServerReflection.Descriptor));
        services.AddGrpc(options => options.Interceptors.Add<CallGuard>());
        // A stop that waited for its calls would wait so long that the test fails.
        services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromMinutes(10));
    }

    private static void Map(WebApplication application)
    {
        application.MapGrpcService<HealthService>();
        application.MapGrpcService<ReflectionService>();
        application.MapGrpcService<ReflectionV1AlphaService>();
    }
}
