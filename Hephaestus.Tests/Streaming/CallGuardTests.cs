using Google.Protobuf;
using Grpc.Core;
using Hephaestus.Tests.EndToEnd;
using Hephaestus.Tests.Grpc;
using Hephaestus.Tests.Standard;

namespace Hephaestus.Tests.Streaming;

/// <summary>How guarded calls end, above all when the host stops. Its shutdown timeout is longer than any test waits.</summary>
public sealed class CallGuardTests
{
    private static readonly Note s_wish = new() { Wish = "hang", Count = 1, Data = ByteString.CopyFromUtf8("x") };

    [Fact]
    public async Task Calls_of_every_kind_end_at_once_as_unavailable()
    {
        await using var server = await StandardServer.StartAsync();
        using var channel = server.Own.At(Transport.ClearText).Open();
        var client = new Trial.TrialClient(channel);
        var unary = client.EchoAsync(s_wish);
        using var streaming = client.Repeat(s_wish);
        using var duplex = client.Converse();
        await duplex.RequestStream.WriteAsync(new Note()).DefaultTimeout();
        Assert.True(await streaming.ResponseStream.MoveNext().DefaultTimeout());
        Assert.True(await duplex.ResponseStream.MoveNext().DefaultTimeout());
        await server.Own.SaysAsync("hung x");
        await server.Own.SaysAsync("hung x");

        var stopped = server.StopAsync();

        foreach (var call in new Task[] { unary.ResponseAsync, streaming.ResponseStream.MoveNext() })
        {
            var refusal = await RefusalOf(call);
            Assert.Equal((StatusCode.Unavailable, "the server is stopping"), (refusal.StatusCode, refusal.Status.Detail));
        }

        // While requests may still follow, HttpClient takes the connection's end for the call's, and may know no other reason.
        Assert.Equal(StatusCode.Unavailable, (await RefusalOf(duplex.ResponseStream.MoveNext())).StatusCode);
        await stopped;
    }

    [Fact]
    public async Task A_client_that_reads_nothing_holds_no_stop_up()
    {
        await using var server = await StandardServer.StartAsync();
        using var channel = server.Own.At(Transport.ClearText).Open();
        var flood = new Note { Data = ByteString.CopyFrom(new byte[1024 * 1024]), Count = 1000 };
        using var call = new Trial.TrialClient(channel).Repeat(flood);
        Assert.True(await call.ResponseStream.MoveNext().DefaultTimeout());

        await server.StopAsync();
    }

    [Fact]
    public async Task A_deadline_is_told_as_one()
    {
        await using var server = await StandardServer.StartAsync();
        using var channel = server.Own.At(Transport.ClearText).Open();

        var call = new Trial.TrialClient(channel).EchoAsync(s_wish, deadline: DateTime.UtcNow.AddSeconds(1));

        var late = await RefusalOf(call.ResponseAsync);
        Assert.Equal(StatusCode.DeadlineExceeded, late.StatusCode);
        await server.Own.SaysAsync("cancelled x");
    }

    [Fact]
    public async Task A_fault_of_ours_is_told_without_its_text()
    {
        await using var server = await StandardServer.StartAsync();
        using var channel = server.Own.At(Transport.ClearText).Open();

        var fault = await RefusalOf(new Trial.TrialClient(channel).EchoAsync(new Note { Wish = "throw" }).ResponseAsync);

        Assert.Equal(StatusCode.Internal, fault.StatusCode);
        Assert.DoesNotContain(TrialService.Secret, fault.ToString(), StringComparison.Ordinal);
    }

    private static Task<RpcException> RefusalOf(Task call) => Assert.ThrowsAsync<RpcException>(() => call.DefaultTimeout());
}
