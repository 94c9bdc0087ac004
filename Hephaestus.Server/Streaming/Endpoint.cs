using System.Net;
using System.Net.Sockets;
using Hephaestus.Server.Access;
using Hephaestus.Server.Audit;
using Hephaestus.Server.Configuration;
using Hephaestus.Server.Standard;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Hephaestus.Server.Streaming;

/// <summary>Where the service listens, and how: HTTP/2 over TCP, with or without TLS, and over a unix socket.</summary>
internal sealed class Endpoint : IAsyncDisposable
{
    private readonly ServerSettings _settings;
    private readonly ILogger _log;
    private readonly Credentials _credentials;
    private readonly UserNames _names = new(TimeProvider.System);
    private readonly WebApplication _application;

    /// <param name="credentials">Stay the caller's, to be disposed after this.</param>
    /// <exception cref="EndpointException">The address's name cannot be resolved.</exception>
    public Endpoint(
        ServerSettings settings,
        Credentials credentials,
        LiveAccess access,
        ILoggerFactory loggers,
        HephaestusService service,
        ServingStatus serving,
        AuditLog audit)
    {
        (_settings, _credentials, _log) = (settings, credentials, loggers.CreateLogger<Endpoint>());
        // The empty builder: the others watch their settings files, one inotify instance each.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers).AddSingleton(service).AddSingleton(serving).AddSingleton(access)
            .AddSingleton(new KnownDescriptors(Mapped));
        builder.Services.AddSingleton(new AuditGuard(audit, TimeProvider.System));
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc(grpc =>
        {
            Limits.Apply(grpc);
            grpc.Interceptors.Add<AuditGuard>();
            grpc.Interceptors.Add<CallGuard>();
            grpc.Interceptors.Add<AccessGuard>();
            grpc.Interceptors.Add<SmallRequests>();
        });
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(Configure);
        builder.Services.Configure<SocketTransportOptions>(sockets => sockets.CreateBoundListenSocket = BoundSocket);
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

    /// <summary>All services that are mapped.</summary>
    public static IReadOnlyCollection<Google.Protobuf.Reflection.ServiceDescriptor> Mapped { get; } =
    [
        Protocol.Hephaestus.Descriptor,
        Protocol.Standard.HealthV1.Health.Descriptor,
        Protocol.Standard.ReflectionV1.ServerReflection.Descriptor,
        Protocol.Standard.ReflectionV1Alpha.ServerReflection.Descriptor,
    ];

    private void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        Limits.Apply(kestrel);
        foreach (var address in Addresses())
        {
            kestrel.Listen(address, Secure);
        }

        if (_settings.Socket is { } socket)
        {
            kestrel.ListenUnixSocket(socket.Path, Local);
        }
    }

    private void Secure(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http2;
        if (_credentials.Certificate is { } certificate)
        {
            var handshake = new TlsHandshake(certificate.Values, _credentials.Authority?.Values, _log);
            listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = handshake.Begin, HandshakeTimeout = Limits.Handshake });
        }

        Limits.Apply(listen);
    }

    private void Local(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http2;
        listen.Use(next => LocalPeer.Ask(next, _names));
        Limits.Apply(listen);
    }

    private Socket BoundSocket(EndPoint endPoint) => endPoint is UnixDomainSocketEndPoint && _settings.Socket is { } socket
        ? LocalSocket.Bind(socket)
        : SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);

    private IReadOnlyList<IPEndPoint> Addresses()
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
