using System.IO.Compression;
using System.Net;
using Grpc.Core;
using Hephaestus.Protocol;
using Hephaestus.Server.Streaming;
using Hephaestus.Tests.EndToEnd;
using Hephaestus.Tests.Fuzz;
using Hephaestus.Tests.Fuzz.Areas;
using Hephaestus.Tests.Fuzz.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Hephaestus.Tests.Limits;

/// <summary>What becomes of clients that send too much, or never come to an end, seen from their sockets.</summary>
public sealed class ConnectionLimitTests
{
    private const string ListPlanSets = "/hephaestus.Hephaestus/ListPlanSets";
    private const byte RefusedStream = 7;

    private static readonly byte[] s_silence = Http2Frame.Preface[..10];

    [Fact]
    public async Task What_never_comes_to_an_end_is_ended_and_a_silent_log_goes_on()
    {
        await using var target = await Target.StartAsync(tls: true);
        target.Home.Plan("set", "silent", "<plan id=\"x\"></plan>\n<step name=\"a\">echo begun; sleep 100000</step>\n");
        using var patience = new CancellationTokenSource(Timeouts.Default);
        var id = await ExecutedAsync(target, patience.Token);
        using var follower = target.Calls.FollowLog(new FollowLogRequest { Id = id }, cancellationToken: patience.Token);
        Assert.True(await follower.ResponseStream.MoveNext(patience.Token));
        var call = new Http2Frame(Http2Frame.Headers, Http2Frame.EndHeaders, 1, Hpack.Encode(CallFields.Of(ListPlanSets)));

        var ends = await Task.WhenAll(
            EndAsync(target.Local, [], patience.Token),
            EndAsync(target.Local, s_silence, patience.Token),
            EndAsync(target.Server.Address, [], patience.Token),
            EndAsync(target.Server.Address.Replace("https", "http", StringComparison.Ordinal), [], patience.Token),
            EndAsync(target.Local, [.. Begin, .. (call with { Flags = 0 }).ToBytes()], patience.Token),
            EndAsync(target.Local, [.. Begin, .. call.ToBytes()], patience.Token),
            EndAsync(target.Local, [.. Begin, .. call.ToBytes(), .. new Http2Frame(Http2Frame.Data, 0, 1, [0, 0, 0]).ToBytes()], patience.Token));

        Assert.All(ends[..5], end => Assert.Equal("closed", end));
        Assert.All(ends[5..], end => Assert.Equal($"{(int)StatusCode.DeadlineExceeded}", end));
        await target.Calls.CancelExecutionAsync(new CancelExecutionRequest { Id = id }, cancellationToken: patience.Token);
        LogUpdate? last = null;
        await foreach (var update in follower.ResponseStream.ReadAllAsync(patience.Token))
        {
            last = update;
        }

        Assert.Equal(State.Cancelled, last?.End?.State);
        Assert.Null(await target.WrongAsync(CancellationToken.None));
    }

    [Fact]
    public async Task More_calls_than_a_connection_may_have_are_refused_alone()
    {
        await using var target = await Target.StartAsync();
        using var patience = new CancellationTokenSource(Timeouts.Default);
        using var connection = await RawConnection.OpenAsync(target.Server.Address, patience.Token);
        var block = Hpack.Encode(CallFields.Of("/hephaestus.Hephaestus/WatchCatalogue"));
        await connection.SendAsync(
            (byte[])[
                .. Begin,
                .. Enumerable.Range(0, 1001).SelectMany(
                    i => new Http2Frame(Http2Frame.Headers, Http2Frame.EndHeaders, (uint)((2 * i) + 1), block).ToBytes())],
            patience.Token);

        var refused = await FrameAsync(connection, Http2Frame.Reset, patience.Token);

        Assert.Equal((2001u, RefusedStream), (refused.Stream, refused.Payload[3]));
        Assert.Null(await target.WrongAsync(CancellationToken.None));
    }

    [Theory]
    [InlineData("a large message", "8")]
    [InlineData("a message that unpacks to a large one", "8")]
    [InlineData("a large request of a stream", "8")]
    [InlineData("many fields", "431")]
    [InlineData("a long path", "reset")]
    [InlineData("large fields", "431")]
    [InlineData("a large field", "closed")]
    public async Task What_is_too_large_is_refused_at_its_own_level(string what, string answer)
    {
        await using var target = await Target.StartAsync();
        using var patience = new CancellationTokenSource(Timeouts.Default);
        var fields = CallFields.Of(what == "a large request of a stream" ? "/hephaestus.Hephaestus/FollowLog" : ListPlanSets);
        var (all, body) = what switch
        {
            "a large message" => (fields, (byte[])[0, 0, 0x40, 0, 1]),
            "a message that unpacks to a large one" => ([.. fields, ("grpc-encoding", "gzip")], Packed(5 * 1024 * 1024)),
            "a large request of a stream" => ([.. fields, ("grpc-encoding", "gzip")], Packed(100 * 1024)),
            "many fields" => ([.. fields, .. Enumerable.Range(0, 120).Select(i => ($"x-{i}", "y"))], []),
            "a long path" => ([.. fields[..2], (":path", "/" + new string('a', 2000)), .. fields[3..]], []),
            "a large field" => ([.. fields, ("x", new string('y', 40_000))], []),
            _ => ([.. fields, .. Enumerable.Range(0, 3).Select(i => ($"x-{i}", new string('y', 16_000)))], []),
        };

        Assert.Equal(answer, await EndAsync(target.Local, [.. Begin, .. Frames(all, body)], patience.Token));
        Assert.Null(await target.WrongAsync(CancellationToken.None));
    }

    [Theory]
    [InlineData("resets")]
    [InlineData("continuations")]
    [InlineData("pings")]
    [InlineData("settings")]
    [InlineData("empty data")]
    public async Task A_flood_costs_the_server_nothing_that_stays(string flood)
    {
        await using var target = await Target.StartAsync();
        using var patience = new CancellationTokenSource(Timeouts.Default);
        Assert.Null(await target.WrongAsync(CancellationToken.None));
        var first = Holding.Of(target.Server.Pid);

        await FloodAsync(target.Server.Address, flood, patience.Token);

        Assert.Null(await target.WrongAsync(CancellationToken.None));
        Assert.Null((Holding.Of(target.Server.Pid) with { Descriptors = first.Descriptors }).Beyond(first));
    }

    [Fact]
    public async Task A_connection_without_a_call_is_closed_and_one_with_a_call_is_not()
    {
        using var patience = new CancellationTokenSource(Timeouts.Default);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            Idleness.End(listen, TimeSpan.FromMilliseconds(50));
        }));
        await using var application = builder.Build();
        var (reception, release) = (new Reception(), new TaskCompletionSource());
        application.Use(reception.PassAsync);
        application.Run(async context =>
        {
            await context.Response.Body.FlushAsync(patience.Token);
            await release.Task;
        });
        await application.StartAsync(patience.Token);
        var address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        using var busy = await RawConnection.OpenAsync(address, patience.Token);
        await busy.SendAsync((byte[])[.. Begin, .. Frames(CallFields.Of(ListPlanSets), [])], patience.Token);
        await FrameAsync(busy, Http2Frame.Headers, patience.Token);

        for (var times = 0; times < 3; times++)
        {
            using var idle = await RawConnection.OpenAsync(address, patience.Token);
            await idle.BeginAsync(patience.Token);
            await FrameAsync(idle, Http2Frame.GoAway, patience.Token);
        }

        await busy.SendAsync(new Http2Frame(Http2Frame.Ping, 0, 0, new byte[8]).ToBytes(), patience.Token);
        var next = await busy.ReadAsync(patience.Token);
        Assert.Equal(Http2Frame.Ping, next?.Type);
        release.SetResult();
    }

    private static byte[] Begin => [.. Http2Frame.Preface, .. Http2Frame.PlainSettings.ToBytes()];

    private static async Task<uint> ExecutedAsync(Target target, CancellationToken patience)
    {
        while (true)
        {
            try
            {
                return (await target.Calls.ExecuteAsync(new PlanArg { Set = "set", Plan = "silent" }, cancellationToken: patience)).Id;
            }
            catch (RpcException unknown) when (unknown.StatusCode == StatusCode.NotFound)
            {
                // The catalogue has not looked yet.
                await Task.Delay(TimeSpan.FromMilliseconds(20), patience);
            }
        }
    }

    /// <summary>How it ends: "closed", "reset", an HTTP status, or gRPC's.</summary>
    private static async Task<string> EndAsync(string address, byte[] bytes, CancellationToken patience)
    {
        using var connection = await RawConnection.OpenAsync(address, patience);
        await connection.SendAsync(bytes, patience);
        while (await connection.ReadAsync(patience) is { Type: not Http2Frame.GoAway } frame)
        {
            if (frame.Type == Http2Frame.Headers && Hpack.Decode(frame.Payload) is var fields && Field("grpc-status") is { } status)
            {
                return status;
            }

            if (frame.Type == Http2Frame.Headers && Hpack.Decode(frame.Payload).First().Value is not "200" and var http)
            {
                return http;
            }

            if (frame.Type == Http2Frame.Reset)
            {
                return "reset";
            }

            if (frame is { Type: Http2Frame.Ping, Flags: 0 })
            {
                await connection.SendAsync((frame with { Flags = Http2Frame.Acknowledgement }).ToBytes(), patience);
            }

            string? Field(string name) => Hpack.Decode(frame.Payload).LastOrDefault(field => field.Name == name).Value;
        }

        return "closed";
    }

    private static async Task<Http2Frame> FrameAsync(RawConnection connection, byte type, CancellationToken patience)
    {
        while (await connection.ReadAsync(patience) is { } frame)
        {
            if (frame.Type == type)
            {
                return frame;
            }
        }

        throw new IOException($"the connection was closed before a frame of the type {type} came");
    }

    /// <summary>A call, its headers in as many frames as they need.</summary>
    private static byte[] Frames((string Name, string Value)[] fields, byte[] body)
    {
        var pieces = Hpack.Encode(fields).Chunk(16_000).ToArray();
        return
        [
            .. pieces.SelectMany((piece, at) => new Http2Frame(
                at == 0 ? Http2Frame.Headers : Http2Frame.Continuation, at == pieces.Length - 1 ? Http2Frame.EndHeaders : (byte)0, 1, piece).ToBytes()),
            .. new Http2Frame(Http2Frame.Data, Http2Frame.EndStream, 1, body).ToBytes(),
        ];
    }

    private static byte[] Packed(int bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize))
        {
            // A field that no message has.
            gzip.Write([0xfa, 0x7f, (byte)(bytes | 0x80), (byte)((bytes >> 7) | 0x80), (byte)((bytes >> 14) | 0x80), (byte)(bytes >> 21)]);
            gzip.Write(new byte[bytes]);
        }

        var message = packed.ToArray();
        return [1, 0, 0, (byte)(message.Length >> 8), (byte)message.Length, .. message];
    }

    /// <summary>Sends much, reads nothing, and goes.</summary>
    private static async Task FloodAsync(string address, string flood, CancellationToken patience)
    {
        const int times = 400;
        var head = new Http2Frame(Http2Frame.Headers, Http2Frame.EndHeaders, 1, Hpack.Encode(CallFields.Of(ListPlanSets)));
        using var connection = await RawConnection.OpenAsync(address, patience);
        await connection.SendAsync((byte[])[.. Begin, .. flood == "empty data" ? head.ToBytes() : flood == "continuations" ? (head with { Flags = 0 }).ToBytes() : []], patience);
        using var briefly = CancellationTokenSource.CreateLinkedTokenSource(patience);
        briefly.CancelAfter(TimeSpan.FromSeconds(5));
        try
        {
            for (var time = 0; time < times; time++)
            {
                var stream = (uint)((200 * time) + 1);
                await connection.SendAsync(
                    (byte[])[.. Enumerable.Range(0, 100).SelectMany(i => Piece(flood, head with { Stream = stream + (2 * (uint)i) }))], briefly.Token);
            }
        }
        catch (Exception refused) when (refused is IOException or OperationCanceledException)
        {
            // It is closed, or takes no more because nobody reads.
            Assert.False(patience.IsCancellationRequested);
        }
    }

    private static byte[] Piece(string flood, Http2Frame head) => flood switch
    {
        "resets" => [.. head.ToBytes(), .. new Http2Frame(Http2Frame.Reset, 0, head.Stream, [0, 0, 0, 8]).ToBytes()],
        "continuations" => new Http2Frame(Http2Frame.Continuation, 0, 1, []).ToBytes(),
        "pings" => new Http2Frame(Http2Frame.Ping, 0, 0, new byte[8]).ToBytes(),
        "settings" => new Http2Frame(Http2Frame.Settings, 0, 0, [0, 3, 0, 0, 0, 9]).ToBytes(),
        _ => new Http2Frame(Http2Frame.Data, 0, 1, []).ToBytes(),
    };
}
