using System.Collections.Concurrent;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Grpc;

/// <summary>Whose server answers.</summary>
public enum Implementation
{
    Ours,
    Python,
}

/// <summary>A server for each implementation and transport, started when a test first asks for it.</summary>
public sealed class TrialServers : IAsyncLifetime
{
    private readonly ConcurrentDictionary<(Implementation, Transport), Lazy<Task<TrialServer>>> _servers = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var server in _servers.Values)
        {
            await (await server.Value).DisposeAsync();
        }
    }

    internal Task<TrialServer> GetAsync(Implementation implementation, Transport transport) =>
        _servers.GetOrAdd((implementation, transport), key => new(() => StartAsync(key.Item1, key.Item2))).Value;

    private static async Task<TrialServer> StartAsync(Implementation implementation, Transport transport) =>
        implementation == Implementation.Ours ? await OwnServer.StartAsync() : await PythonServer.StartAsync(transport);
}

/// <summary>The client under test with our server and with another implementation's, server.py.</summary>
public sealed class ClientTests(TrialServers servers) : IClassFixture<TrialServers>
{
    private const int Limit = 4 * 1024 * 1024;

    /// <summary>Every server over every transport; those in Python only where they can be started.</summary>
    public static IEnumerable<object[]> Servers =>
        from implementation in Python.Missing is null ? Enum.GetValues<Implementation>() : [Implementation.Ours]
        from transport in Enum.GetValues<Transport>()
        select new object[] { implementation, transport };

    [PythonFact]
    public void The_tests_of_the_client_include_servers_of_another_implementation() =>
        Assert.Contains(Servers, row => row[0] is Implementation.Python);

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task An_answer_comes_whole(Implementation implementation, Transport transport)
    {
        using var channel = await OpenAsync(implementation, transport);
        var client = new Trial.TrialClient(channel);
        foreach (var size in new[] { 0, 1, 100_000, Limit - 100 })
        {
            var note = new Note { Data = Bytes(size), Count = 7 };

            Assert.Equal(note, await client.EchoAsync(note).ResponseAsync.DefaultTimeout());
            Assert.Equal(note, client.Echo(note, deadline: DateTime.UtcNow.AddMinutes(1)));
        }
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Many_calls_share_a_channel(Implementation implementation, Transport transport)
    {
        using var channel = await OpenAsync(implementation, transport);
        var client = new Trial.TrialClient(channel);

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 500).Select(number => client.EchoAsync(new Note { Count = (uint)number }).ResponseAsync)).DefaultTimeout();

        Assert.Equal(Enumerable.Range(0, 500), answers.Select(answer => (int)answer.Count));
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_stream_comes_whole_and_in_order(Implementation implementation, Transport transport)
    {
        using var channel = await OpenAsync(implementation, transport);
        var client = new Trial.TrialClient(channel);
        foreach (var (count, size) in new[] { (0u, 5), (1u, 5), (1000u, 500), (8u, Limit - 100) })
        {
            using var call = client.Repeat(new Note { Data = Bytes(size), Count = count });

            var answers = await AllOf(call.ResponseStream);

            Assert.Equal(count, (uint)answers.Count);
            Assert.All(answers, answer => Assert.Equal(Bytes(size), answer.Data));
            Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
        }
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_stream_of_requests_arrives_whole(Implementation implementation, Transport transport)
    {
        using var channel = await OpenAsync(implementation, transport);
        using var call = new Trial.TrialClient(channel).Gather();

        for (var number = 0; number < 100; number++)
        {
            await call.RequestStream.WriteAsync(new Note { Data = ByteString.CopyFromUtf8($"{number},") }).DefaultTimeout();
        }

        await call.RequestStream.CompleteAsync().DefaultTimeout();

        var answer = await call.ResponseAsync.DefaultTimeout();
        Assert.Equal(string.Concat(Enumerable.Range(0, 100).Select(number => $"{number},")), answer.Data.ToStringUtf8());
        Assert.Equal(100u, answer.Count);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Both_sides_talk_at_once(Implementation implementation, Transport transport)
    {
        using var channel = await OpenAsync(implementation, transport);
        using var call = new Trial.TrialClient(channel).Converse();

        for (var number = 0u; number < 50; number++)
        {
            await call.RequestStream.WriteAsync(new Note { Count = number }).DefaultTimeout();
            Assert.True(await call.ResponseStream.MoveNext().DefaultTimeout());
            Assert.Equal(number, call.ResponseStream.Current.Count);
        }

        await call.RequestStream.CompleteAsync().DefaultTimeout();
        Assert.False(await call.ResponseStream.MoveNext().DefaultTimeout());
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Metadata_travel_both_ways(Implementation implementation, Transport transport)
    {
        using var channel = await OpenAsync(implementation, transport);
        byte[] bytes = [.. Enumerable.Range(0, 256).Select(value => (byte)value)];
        var sent = new Metadata
        {
            { "X-Text", "plain text, with blanks" }, { "x-twice", "1" }, { "x-twice", "2" }, { "x-bytes-bin", bytes }, { "x-zero-bin", [0] },
        };
        using var call = new Trial.TrialClient(channel).EchoAsync(new Note { Wish = "reflect" }, sent);

        var headers = await call.ResponseHeadersAsync.DefaultTimeout();
        await call.ResponseAsync.DefaultTimeout();

        foreach (var (metadata, prefix) in new[] { (headers, ""), (call.GetTrailers(), "trailing-") })
        {
            Assert.Equal("plain text, with blanks", metadata.GetValue(prefix + "x-text"));
            // HttpClient joins the values of a header, which means the same.
            Assert.Equal("1, 2", string.Join(", ", metadata.GetAll(prefix + "x-twice").Select(entry => entry.Value)));
            Assert.Equal(bytes, metadata.GetValueBytes(prefix + "x-bytes-bin"));
            Assert.Equal([0], metadata.GetValueBytes(prefix + "x-zero-bin")!);
        }
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Every_status_comes_with_its_text_and_trailers(Implementation implementation, Transport transport)
    {
        using var channel = await OpenAsync(implementation, transport);
        var client = new Trial.TrialClient(channel);
        foreach (var code in Enum.GetValues<StatusCode>().Where(code => code != StatusCode.OK))
        {
            foreach (var text in new[] { "plain", "50 % – Ärger\nüber zwei Zeilen: 日本 🔥 \u0001" })
            {
                var wish = new Note { Wish = "refuse", Count = (uint)code, Data = ByteString.CopyFromUtf8(text) };
                using var stream = client.Repeat(wish);

                foreach (var refusal in new[]
                {
                    await RefusalOf(client.EchoAsync(wish).ResponseAsync),
                    await RefusalOf(stream.ResponseStream.MoveNext()),
                })
                {
                    Assert.Equal(code, refusal.StatusCode);
                    Assert.Equal(text, refusal.Status.Detail);
                    Assert.Equal("as wished", refusal.Trailers.GetValue("why"));
                    Assert.Equal([0, 1, 2, 255], refusal.Trailers.GetValueBytes("why-bin")!);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_status_comes_after_the_messages_before_it(Implementation implementation, Transport transport)
    {
        using var channel = await OpenAsync(implementation, transport);
        using var call = new Trial.TrialClient(channel).Converse();

        await call.RequestStream.WriteAsync(new Note { Count = 1 }).DefaultTimeout();
        await call.RequestStream.WriteAsync(new Note { Wish = "refuse", Count = 5, Data = ByteString.CopyFromUtf8("enough") }).DefaultTimeout();

        Assert.True(await call.ResponseStream.MoveNext().DefaultTimeout());
        var refusal = await RefusalOf(call.ResponseStream.MoveNext());
        Assert.Equal((StatusCode.NotFound, "enough"), (refusal.StatusCode, refusal.Status.Detail));
        Assert.Equal(StatusCode.NotFound, (await RefusalOf(call.ResponseStream.MoveNext())).StatusCode);
        Assert.Equal(StatusCode.NotFound, (await RefusalOf(call.RequestStream.WriteAsync(new Note()))).StatusCode);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task An_unknown_method_is_told_apart_from_a_failed_one(Implementation implementation, Transport transport)
    {
        using var channel = await OpenAsync(implementation, transport);
        var client = new Trial.TrialClient(channel);

        var unknown = await RefusalOf(client.NeglectedAsync(new Note()).ResponseAsync);
        var failed = await RefusalOf(client.EchoAsync(new Note { Wish = "throw" }).ResponseAsync);

        Assert.Equal(StatusCode.Unimplemented, unknown.StatusCode);
        Assert.Equal(StatusCode.Unknown, failed.StatusCode);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_deadline_ends_a_call_on_both_sides(Implementation implementation, Transport transport)
    {
        using var channel = await OpenAsync(implementation, transport);
        var server = await servers.GetAsync(implementation, transport);
        var client = new Trial.TrialClient(channel);

        var left = await client.EchoAsync(new Note { Wish = "deadline" }, deadline: DateTime.UtcNow.AddMinutes(1)).ResponseAsync.DefaultTimeout();
        Assert.InRange(left.Count, 30_000u, 60_000u);

        var name = $"late {transport}";
        var wish = new Note { Wish = "hang", Data = ByteString.CopyFromUtf8(name) };
        var late = await RefusalOf(client.EchoAsync(wish, deadline: DateTime.UtcNow.AddSeconds(2)).ResponseAsync);
        Assert.Equal(StatusCode.DeadlineExceeded, late.StatusCode);
        await server.SaysAsync($"cancelled {name}");
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_deadline_that_has_passed_ends_a_call_before_it_starts(Implementation implementation, Transport transport)
    {
        using var channel = await OpenAsync(implementation, transport);

        var late = await RefusalOf(
            new Trial.TrialClient(channel).EchoAsync(new Note(), deadline: DateTime.UtcNow.AddSeconds(-1)).ResponseAsync);

        Assert.Equal(StatusCode.DeadlineExceeded, late.StatusCode);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_token_ends_a_call_on_both_sides(Implementation implementation, Transport transport)
    {
        using var channel = await OpenAsync(implementation, transport);
        var server = await servers.GetAsync(implementation, transport);
        using var cancellation = new CancellationTokenSource();
        var name = $"token {transport}";
        var call = new Trial.TrialClient(channel).EchoAsync(
            new Note { Wish = "hang", Data = ByteString.CopyFromUtf8(name) }, cancellationToken: cancellation.Token);
        await server.SaysAsync($"hung {name}");

        await cancellation.CancelAsync();

        Assert.Equal(StatusCode.Cancelled, (await RefusalOf(call.ResponseAsync)).StatusCode);
        Assert.Equal(StatusCode.Cancelled, call.GetStatus().StatusCode);
        await server.SaysAsync($"cancelled {name}");
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_stream_that_is_disposed_ends_on_both_sides(Implementation implementation, Transport transport)
    {
        using var channel = await OpenAsync(implementation, transport);
        var server = await servers.GetAsync(implementation, transport);
        var name = $"disposed {transport}";
        var call = new Trial.TrialClient(channel).Repeat(new Note { Wish = "hang", Count = 1, Data = ByteString.CopyFromUtf8(name) });
        Assert.True(await call.ResponseStream.MoveNext().DefaultTimeout());
        await server.SaysAsync($"hung {name}");

        call.Dispose();

        await server.SaysAsync($"cancelled {name}");
        Assert.Equal(StatusCode.Cancelled, call.GetStatus().StatusCode);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_response_over_the_limit_is_refused_and_one_at_it_is_not(Implementation implementation, Transport transport)
    {
        using var channel = await OpenAsync(implementation, transport);
        var client = new Trial.TrialClient(channel);

        // Tag and length of the bytes take five more.
        var full = await client.EchoAsync(new Note { Wish = "size", Count = Limit - 5 }).ResponseAsync.DefaultTimeout();
        var refusal = await RefusalOf(client.EchoAsync(new Note { Wish = "size", Count = Limit - 4 }).ResponseAsync);

        Assert.Equal(Limit, full.CalculateSize());
        Assert.Equal(StatusCode.ResourceExhausted, refusal.StatusCode);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_request_over_the_limit_is_refused(Implementation implementation, Transport transport)
    {
        using var channel = await OpenAsync(implementation, transport);
        using var careful = await OpenAsync(implementation, transport, options => options.MaxSendMessageSize = 1000);
        var big = new Note { Data = Bytes(Limit) };

        var theirs = await RefusalOf(new Trial.TrialClient(channel).EchoAsync(big).ResponseAsync);
        var ours = await RefusalOf(new Trial.TrialClient(careful).EchoAsync(new Note { Data = Bytes(1000) }).ResponseAsync);

        Assert.Equal(StatusCode.ResourceExhausted, theirs.StatusCode);
        Assert.Equal(StatusCode.ResourceExhausted, ours.StatusCode);
        Assert.Equal(5u, (await new Trial.TrialClient(careful).EchoAsync(new Note { Count = 5 }).ResponseAsync.DefaultTimeout()).Count);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Requests_and_responses_may_be_compressed(Implementation implementation, Transport transport)
    {
        using var channel = await OpenAsync(implementation, transport);
        var client = new Trial.TrialClient(channel);
        var note = new Note { Data = Bytes(100_000), Count = 5 };
        var compressed = new Metadata { { "grpc-internal-encoding-request", "gzip" } };

        Assert.Equal(note, await client.EchoAsync(note, compressed).ResponseAsync.DefaultTimeout());
        using var call = client.Repeat(note, compressed);
        Assert.Equal(Enumerable.Repeat(note, 5), await AllOf(call.ResponseStream));

        var bomb = new Note { Data = Bytes(2 * Limit) };
        Assert.Equal(StatusCode.ResourceExhausted, (await RefusalOf(client.EchoAsync(bomb, compressed).ResponseAsync)).StatusCode);
    }

    private async Task<GrpcChannel> OpenAsync(
        Implementation implementation, Transport transport, Action<GrpcChannelOptions>? configure = null) =>
        (await servers.GetAsync(implementation, transport)).At(transport).Open(configure);

    private static ByteString Bytes(int size) => UnsafeByteOperations.UnsafeWrap(new byte[size]);

    private static async Task<List<Note>> AllOf(IAsyncStreamReader<Note> stream)
    {
        var all = new List<Note>();
        while (await stream.MoveNext().DefaultTimeout())
        {
            all.Add(stream.Current);
        }

        return all;
    }

    private static Task<RpcException> RefusalOf(Task call) => Assert.ThrowsAsync<RpcException>(() => call.DefaultTimeout());
}
