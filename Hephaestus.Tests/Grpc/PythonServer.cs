using System.Diagnostics;
using System.Threading.Channels;
using Hephaestus.Tests.Configuration;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Grpc;

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
        string[] arguments = transport switch
        {
            Transport.UnixSocket => ["unix:" + socket],
            Transport.Tls => ["127.0.0.1:0", certificate, key],
            _ => ["127.0.0.1:0"],
        };
        var process = Python.Start(Python.Script("server.py"), arguments);
        var first = await process.StandardOutput.ReadLineAsync().DefaultTimeout();
        if (first?.Split(' ') is not ["listening", var port])
        {
            throw new InvalidOperationException($"server.py: {first}{await process.StandardError.ReadToEndAsync()}");
        }

        var place = transport == Transport.UnixSocket ? socket : "localhost:" + port;
        return new PythonServer(folder, process, new TrialTarget(transport, place, certificate));
    }

    public override TrialTarget At(Transport transport) =>
        transport == _target.Transport
            ? _target
            : throw new InvalidOperationException($"It listens by {_target.Transport} only.");

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
