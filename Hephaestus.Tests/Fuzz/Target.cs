using System.Net.Sockets;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Hephaestus.Protocol;
using Hephaestus.Protocol.Standard.HealthV1;
using Hephaestus.Tests.Configuration;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Fuzz;

/// <summary>A server at which things are thrown, and the proof that it is well.</summary>
internal sealed class Target : IAsyncDisposable
{
    private const string KnownPlan = """
        <plan id="known" desc="What is asked for to see that all is well"></plan>
        <step name="lines">for ((i = 0; i < 300; i++)); do echo "line $i of 300"; done; printf 'no text: \377\000\033[1m, and no end of line'</step>
        <step name="errors" parent="lines">echo "to standard error" >&2</step>
        """;

    private const string QuickPlan = """
        <plan id="quick" params="WHO"></plan>
        <step name="a">echo "$WHO"</step>
        """;

    private static readonly byte[] s_out =
        [.. Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 300).Select(i => $"line {i} of 300\n"))), .. "no text: "u8, 0xff, 0, .. "\e[1m, and no end of line"u8];

    private readonly TemporaryFolder _folder;
    private readonly GrpcChannel _channel;
    private int _read;

    private Target(ServerHome home, ServerProcess server, TemporaryFolder folder)
    {
        (Home, Server, _folder) = (home, server, folder);
        var handler = new SocketsHttpHandler { ConnectCallback = ConnectAsync };
        _channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpHandler = handler });
        Calls = new Protocol.Hephaestus.HephaestusClient(_channel);
    }

    public ServerHome Home { get; }

    public ServerProcess Server { get; }

    public Protocol.Hephaestus.HephaestusClient Calls { get; }

    /// <summary>Over its socket.</summary>
    public string Local => $"unix://{Home.Socket}";

    /// <summary>What is made of a log that was received: by those who check the checks.</summary>
    public Func<byte[], byte[]> Received { get; init; } = bytes => bytes;

    public static async Task<Target> StartAsync(bool tls = false, Func<byte[], byte[]>? received = null)
    {
        var folder = new TemporaryFolder();
        var home = new ServerHome(["log.late_output = 0s", .. tls ? Secured(folder) : []]);
        home.Plan("known", "known", KnownPlan);
        home.Plan("known", "quick", QuickPlan);
        return new Target(home, await home.StartAsync(), folder) { Received = received ?? (bytes => bytes) };
    }

    /// <summary>A server that was started in a home; it gets the known plans if it has none.</summary>
    public static Target Of(ServerHome home, ServerProcess server) => new(home, server, new TemporaryFolder());

    /// <summary>Writes the known plans.</summary>
    public static void WritePlans(ServerHome home)
    {
        home.Plan("known", "known", KnownPlan);
        home.Plan("known", "quick", QuickPlan);
    }

    /// <summary>What is wrong with the server now; null: nothing.</summary>
    public async Task<string?> WrongAsync(CancellationToken patience)
    {
        if (Server.HasExited)
        {
            return $"the server has ended, with {await Server.ExitedAsync()}: {Server.Errors}";
        }

        using var late = CancellationTokenSource.CreateLinkedTokenSource(patience);
        late.CancelAfter(Area.Patience);
        try
        {
            return await AnswersAsync(late.Token) ?? Said();
        }
        catch (RpcException refused)
        {
            return patience.IsCancellationRequested ? null : $"a right request is answered with {refused.Status}";
        }
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await Home.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>What it has said since this was last asked that tells of a fault; null: nothing.</summary>
    public string? Said()
    {
        var errors = Server.Errors;
        var news = errors[_read..];
        _read = errors.Length;
        return news.Split('\n').FirstOrDefault(IsFault) is { } fault ? $"the server says: {fault}" : null;
    }

    /// <summary>An entry of a log that tells of a fault of the program's own.</summary>
    public static bool IsFault(string line) =>
        line.StartsWith("fail:", StringComparison.Ordinal)
        || line.StartsWith("crit:", StringComparison.Ordinal)
        || line.StartsWith("   at ", StringComparison.Ordinal)
        || line.Contains("nhandled", StringComparison.Ordinal)
        || line.Contains("Exception", StringComparison.Ordinal);

    private static string[] Secured(TemporaryFolder folder)
    {
        var (pem, key) = Certificates.Write(folder);
        return ["host.grpc.tls = yes", $"host.grpc.tls.pem = {pem}", $"host.grpc.tls.key = {key}"];
    }

    private async Task<string?> AnswersAsync(CancellationToken patience)
    {
        var options = new CallOptions(cancellationToken: patience);
        await foreach (var _ in Calls.Drain(new DrainRequest { Undo = true, NoWait = true }, options).ResponseStream.ReadAllAsync(patience))
        {
        }

        var health = await new Health.HealthClient(_channel).CheckAsync(new HealthCheckRequest(), options);
        if (health.Status != HealthCheckResponse.Types.ServingStatus.Serving)
        {
            return $"its health is {health.Status}";
        }

        var id = (await Calls.ExecuteAsync(new PlanArg { Set = "known", Plan = "known" }, options)).Id;
        var (output, errors, end) = await FollowAsync(id, options);
        var file = await File.ReadAllBytesAsync(Path.Combine(Home.Log(id), "001-1.out"), patience);
        return end != State.Ok ? $"the known plan, execution {id}, ended {end}"
            : !output.SequenceEqual(s_out) ? $"the log of execution {id} is not what was printed"
            : !file.SequenceEqual(s_out) ? $"the file of the output of execution {id} is not what was printed"
            : !errors.SequenceEqual("to standard error\n"u8.ToArray()) ? $"the errors of execution {id} are not what was printed"
            : null;
    }

    private async Task<(byte[] Output, byte[] Errors, State? End)> FollowAsync(uint id, CallOptions options)
    {
        using var output = new MemoryStream();
        using var errors = new MemoryStream();
        State? end = null;
        using var call = Calls.FollowLog(new FollowLogRequest { Id = id }, options);
        await foreach (var update in call.ResponseStream.ReadAllAsync(options.CancellationToken))
        {
            end = update.End?.State ?? end;
            foreach (var piece in update.Pieces?.Pieces ?? Enumerable.Empty<LogPiece>())
            {
                var to = piece.Stream switch { LogStream.Out => output, LogStream.Err => errors, _ => Stream.Null };
                piece.Data.WriteTo(to);
            }
        }

        return (Received(output.ToArray()), errors.ToArray(), end);
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Home.Socket), cancellation);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
