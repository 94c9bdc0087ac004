using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Grpc;

/// <summary>The client under test with our server and with another implementation's, server.py.</summary>
public sealed partial class ClientTests(TrialServers servers) : IClassFixture<TrialServers>
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

        var calls = Enumerable.Range(0, 500).Select(number => client.EchoAsync(new Note { Count = (uint)number }).ResponseAsync);
        var answers = await Task.WhenAll(calls).DefaultTimeout();

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
            { "X-Text", "plain text, with blanks" }, { "x-twice", "1" }, { "x-twice", "2" },
            { "x-bytes-bin", bytes }, { "x-zero-bin", [0] },
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
