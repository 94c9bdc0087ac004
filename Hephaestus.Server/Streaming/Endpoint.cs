using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Hephaestus.Server.Access;
using Hephaestus.Server.Configuration;
using Hephaestus.Server.Standard;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Hephaestus.Server.Streaming;

/// <summary>Where the service listens, and how: HTTP/2 over TCP, with or without TLS, and over a unix socket.</summary>
internal sealed class Endpoint : IAsyncDisposable
{
    private readonly ServerSettings _settings;
    private readonly WebApplication _application;

    /// <exception cref="EndpointException">The certificate cannot be used, or the address's name not be resolved.</exception>
    public Endpoint(ServerSettings settings, ILoggerFactory loggers, HephaestusService service, ServingStatus serving)
    {
        _settings = settings;
        // The empty builder: the others watch their settings files, one inotify instance each.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers).AddSingleton(service).AddSingleton(serving).AddSingleton(Described());
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc(grpc =>
        {
            Limits.Apply(grpc);
            grpc.Interceptors.Add<CallGuard>();
            grpc.Interceptors.Add<AccessGuard>();
            grpc.Interceptors.Add<SmallRequests>();
        });
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(Configure);
        _application = builder.Build();
        _application.UseRouting();
        _application.Use(new Reception().PassAsync);
        _application.MapGrpcService<HephaestusService>();
        _application.MapGrpcService<HealthService>();
        _application.MapGrpcService<ReflectionService>().WithMetadata(Reception.ManyRequests);
        _application.MapGrpcService<ReflectionV1AlphaService>().WithMetadata(Reception.ManyRequests);
        _application.Lifetime.ApplicationStopping.Register(() => serving.Add(Impediments.Stopping));
    }

    /// <summary>Begins to listen; gives the addresses.</summary>
    /// <exception cref="EndpointException">An address cannot be listened on.</exception>
    public async Task<IReadOnlyCollection<string>> StartAsync()
    {
        try
        {
            LocalSocket.Clear(_settings.Socket);
            await _application.StartAsync();
            var addresses = _application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;

            // As clients write it.
            return [.. addresses.Select(address => address.Replace("http://unix:", "unix://", StringComparison.Ordinal))];
        }
        catch (IOException fault) when (fault.InnerException is AddressInUseException)
        {
            throw new EndpointException($"{_settings.Address} is in use by another program; stop that, or set host.grpc.address");
        }
        catch (Exception fault) when (fault is IOException or SocketException)
        {
            throw new EndpointException($"cannot listen on {_settings.Address}: {fault.Message}; set host.grpc.address");
        }
    }

    /// <summary>Completes when SIGTERM or SIGINT has come.</summary>
    public Task WaitForStopAsync() => _application.WaitForShutdownAsync();

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    /// <summary>All that is mapped.</summary>
    private static KnownDescriptors Described() => new(
        Protocol.Hephaestus.Descriptor,
        Protocol.Standard.HealthV1.Health.Descriptor,
        Protocol.Standard.ReflectionV1.ServerReflection.Descriptor,
        Protocol.Standard.ReflectionV1Alpha.ServerReflection.Descriptor);

    private void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        Limits.Apply(kestrel);
        var certificate = _settings.Tls is { } tls ? ServerCertificate.Load(tls) : null;
        foreach (var address in Addresses())
        {
            kestrel.Listen(address, listen => Secure(listen, certificate));
        }

        if (_settings.Socket is { } socket)
        {
            kestrel.ListenUnixSocket(socket, listen => Secure(listen, null));
        }
    }

    private static void Secure(ListenOptions listen, ServerCertificate? certificate)
    {
        listen.Protocols = HttpProtocols.Http2;
        if (certificate is not null)
        {
            listen.UseHttps(new HttpsConnectionAdapterOptions
            {
                ServerCertificate = certificate.Leaf,
                ServerCertificateChain = certificate.Chain,
                HandshakeTimeout = Limits.Handshake,
            });
        }

        Limits.Apply(listen);
    }

    private IReadOnlyList<System.Net.IPEndPoint> Addresses()
    {
        try
        {
            return _settings.Address.EndPoints();
        }
        catch (SocketException fault)
        {
            throw new EndpointException($"host.grpc.address: {_settings.Address.Host} cannot be resolved: {fault.Message}");
        }
    }
}

/// <summary>The service cannot listen; the message is a line for the operator.</summary>
internal sealed class EndpointException(string message) : Exception(message);
