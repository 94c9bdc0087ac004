using System.Net.Sockets;
using Google.Protobuf;
using Hephaestus.Server.Supervision;
using Hephaestus.Server.Supervision.Protocol;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Supervision;

/// <summary>What a server of another version hears from this supervisor: always an answer.</summary>
public sealed class OldServerTests
{
    /// <summary>A message's length, then an id (field 1, value 7) and an empty message as field 15, which means nothing.</summary>
    private static readonly byte[] s_unknown = [4, 0, 0, 0, 0x08, 7, 0x7A, 0];

    [Fact]
    public async Task A_request_that_no_version_knows_is_refused_and_the_connection_goes_on()
    {
        await using var home = new ServerHome();
        await using var server = await home.StartAsync();
        using var supervisor = new SpokenTo(home);

        var refused = supervisor.Ask(s_unknown);
        var held = supervisor.Ask(new Request { Id = 8, List = new List() }).Attempts;

        Assert.Equal((7ul, Reply.ReplyOneofCase.Refused), (refused.Id, refused.ReplyCase));
        Assert.Contains("does not know the request", refused.Refused.Reason);
        Assert.Equal((Remnants.SupervisorOf(home), 1u, 2u), (held.Pid, held.OldestProtocol, held.Protocol));
    }

    [Fact]
    public async Task A_server_that_says_nothing_of_versions_starts_a_step_and_learns_of_its_end()
    {
        await using var home = new ServerHome();
        await using var server = await home.StartAsync();
        using var supervisor = new SpokenTo(home);
        using var gate = new Gate(home);
        var start = Start(home, gate.Pass);

        var started = supervisor.Ask(new Request { Id = 1, Start = start }).Started;
        gate.Open();
        var ended = supervisor.Next();

        Assert.True(started.Held);
        Assert.Equal((0ul, start.Key, 3), (ended.Id, ended.Exited.Key, ended.Exited.Exit.Code));
        Assert.True(supervisor.Ask(new Request { Id = 2, Start = start }).Started.Earlier);
        Assert.NotNull(supervisor.Ask(new Request { Id = 3, Drained = new Drained { Key = start.Key } }).Done);
        Assert.Empty(supervisor.Ask(new Request { Id = 4, List = new List() }).Attempts.Attempts_);
    }

    [Fact]
    public async Task A_start_by_a_server_that_has_no_version_in_common_is_refused_with_the_reason_and_may_be_asked_again()
    {
        await using var home = new ServerHome();
        await using var server = await home.StartAsync(("HEPHAESTUS_PROTOCOL", "8-9"));
        using var supervisor = new SpokenTo(home);

        supervisor.Ask(new Request { Id = 1, List = new List() });
        var refused = supervisor.Ask(new Request { Id = 2, Start = Start(home, "true") }).NotStarted;

        Assert.False(refused.IsFinal);
        Assert.Contains("speaks versions 8 to 9 of its protocol, the server version 1;", refused.Reason);
    }

    private static Start Start(ServerHome home, string command)
    {
        var files = new HeldFiles(home.Running, new StepKey(9, 1, 1));
        Libc.MakeFifo(files.OutFifo);
        Libc.MakeFifo(files.ErrFifo);
        return new SpawnRequest(files.Key, ["/bin/bash", "-c", $"{command}; exit 3"], [], null, null).ToMessage(files, null, null, SpawnDefaults.OfThisProcess());
    }

    /// <summary>A connection to a home's supervisor.</summary>
    private sealed class SpokenTo : IDisposable
    {
        private readonly NetworkStream _stream;

        public SpokenTo(ServerHome home)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            {
                ReceiveTimeout = (int)Timeouts.Default.TotalMilliseconds,
            };
            using var address = new ShortSocketPath(SupervisorSocket.In(home.State));
            socket.Connect(address.EndPoint);
            _stream = new NetworkStream(socket, ownsSocket: true);
        }

        public Reply Ask(IMessage message) => Ask(Frames.Encode(message));

        public Reply Ask(byte[] frame)
        {
            _stream.Write(frame);
            return Next();
        }

        public Reply Next() => Frames.Read(_stream, Reply.Parser) ?? throw new InvalidOperationException("The supervisor hung up.");

        public void Dispose() => _stream.Dispose();
    }
}
