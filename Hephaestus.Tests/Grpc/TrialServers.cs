using System.Diagnostics;
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

/// <summary>A running server of trial.proto.</summary>
internal abstract class TrialServer(TemporaryFolder folder) : IAsyncDisposable
{
    protected TemporaryFolder Folder => folder;

    protected abstract ChannelReader<string> Words { get; }

    public abstract TrialTarget At(Transport transport);

    /// <summary>Waits until a handler has said this; what was said before it is dropped.</summary>
    public async Task SaysAsync(string word)
    {
        while (await Words.ReadAsync().AsTask().DefaultTimeout() != word)
        {
        }
    }

    public virtual ValueTask DisposeAsync()
    {
        folder.Dispose();
        return ValueTask.CompletedTask;
    }
}

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
            kestrel.Listen(System.Net.IPAddress.Loopback, 0);
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, endpoint => endpoint.UseHttps(
                System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPemFile(certificate, key)));
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

/// <summary>server.py, a process for each transport.</summary>
internal sealed class PythonServer : TrialServer
{
    private readonly Process _process;
    private readonly Channel<string> _words = Channel.CreateBounded<string>(1000);
    private readonly TrialTarget _target;
    private readonly Task _reading;

    private PythonServer(TemporaryFolder folder, Process process, TrialTarget target) : base(folder)
    {
        _process = process;
        _target = target;
        _reading = ReadAsync();
    }

    public int Pid => _process.Id;

    protected override ChannelReader<string> Words => _words.Reader;

    public static async Task<PythonServer> StartAsync(Transport transport)
    {
        var folder = new TemporaryFolder();
        var (certificate, key) = Certificates.Write(folder, "localhost");
        var socket = folder.At("trial.sock");
        var process = Python.Start(
            Python.Script("server.py"),
            [transport == Transport.UnixSocket ? "unix:" + socket : "127.0.0.1:0", .. transport == Transport.Tls ? [certificate, key] : Array.Empty<string>()]);
        var first = await process.StandardOutput.ReadLineAsync().DefaultTimeout();
        if (first?.Split(' ') is not ["listening", var port])
        {
            throw new InvalidOperationException($"server.py: {first}{await process.StandardError.ReadToEndAsync()}");
        }

        return new PythonServer(
            folder, process, new TrialTarget(transport, transport == Transport.UnixSocket ? socket : "localhost:" + port, certificate));
    }

    public override TrialTarget At(Transport transport) =>
        transport == _target.Transport ? _target : throw new InvalidOperationException($"It listens by {_target.Transport} only.");

    public override async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().DefaultTimeout();
        await _reading.DefaultTimeout();
        _process.Dispose();
        await base.DisposeAsync();
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            Assert.True(_words.Writer.TryWrite(line));
        }
    }
}
