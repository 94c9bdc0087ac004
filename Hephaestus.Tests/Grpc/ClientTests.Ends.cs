using Google.Protobuf;
using Grpc.Core;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Grpc;

/// <summary>How calls end, other than well.</summary>
public sealed partial class ClientTests
{
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

        var refuse = new Note { Wish = "refuse", Count = 5, Data = ByteString.CopyFromUtf8("enough") };

        await call.RequestStream.WriteAsync(new Note { Count = 1 }).DefaultTimeout();
        await call.RequestStream.WriteAsync(refuse).DefaultTimeout();

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

        var asked = client.EchoAsync(new Note { Wish = "deadline" }, deadline: DateTime.UtcNow.AddMinutes(1));
        var left = await asked.ResponseAsync.DefaultTimeout();
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
        var wish = new Note { Wish = "hang", Count = 1, Data = ByteString.CopyFromUtf8(name) };
        var call = new Trial.TrialClient(channel).Repeat(wish);
        Assert.True(await call.ResponseStream.MoveNext().DefaultTimeout());
        await server.SaysAsync($"hung {name}");

        call.Dispose();

        await server.SaysAsync($"cancelled {name}");
        Assert.Equal(StatusCode.Cancelled, call.GetStatus().StatusCode);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_response_over_the_limit_is_refused_one_at_it_is_not(Implementation implementation, Transport transport)
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
        Assert.Equal(5u, (await new Trial.TrialClient(careful).EchoAsync(new Note { Count = 5 })).Count);
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

        var bomb = await RefusalOf(client.EchoAsync(new Note { Data = Bytes(2 * Limit) }, compressed).ResponseAsync);
        Assert.Equal(StatusCode.ResourceExhausted, bomb.StatusCode);
    }
}
