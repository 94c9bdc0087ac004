using System.Net.Sockets;
using Hephaestus.Server.Supervision;
using Hephaestus.Server.Supervision.Protocol;
using Hephaestus.Tests.Configuration;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Supervision;

/// <summary>A server that goes while it is being answered: the supervisor is the parent of all steps, and must not end of that.</summary>
public sealed class ServedConnectionTests
{
    private const int Times = 20_000;

    [Fact]
    public async Task Whatever_is_sent_while_the_server_goes_is_dropped_without_a_fault()
    {
        using var folder = new TemporaryFolder();
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(folder.At("socket")));
        listener.Listen();
        for (var i = 0; i < Times; i++)
        {
            using var server = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            server.Connect(listener.LocalEndPoint!);
            var served = new ServedConnection(listener.Accept(), (_, _, _) => { });
            using var both = new Barrier(2);
            var leaving = Task.Run(() =>
            {
                both.SignalAndWait();
                served.Dispose();
            });
            both.SignalAndWait();
            served.Send(new Reply { Done = new Done() });
            served.Send(new Reply { Done = new Done() });

            await leaving.DefaultTimeout();
        }
    }
}
