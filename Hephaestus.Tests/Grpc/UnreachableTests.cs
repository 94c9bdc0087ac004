using System.Net;
using System.Net.Sockets;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Hephaestus.Tests.EndToEnd;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Hephaestus.Tests.Grpc;

/// <summary>What a caller is told when there is no server, no gRPC server, or none any more.</summary>
public sealed class UnreachableTests
{
    [Fact]
    public async Task A_port_where_nobody_listens_is_unavailable()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var place = $"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
        listener.Stop();

        var refusal = await RefusalOf($"http://{place}");

        Assert.Equal((StatusCode.Unavailable, $"Connection refused ({place})"), (refusal.StatusCode, refusal.Status.Detail));
    }

    [Fact]
    public async Task A_name_that_nobody_bears_is_unavailable() =>
        AssertUnavailable(await RefusalOf("http://nobody.invalid:1"), "nobody.invalid");

    [Fact]
    public async Task A_socket_that_is_not_there_is_unavailable()
    {
        using var channel = new TrialTarget(Transport.UnixSocket, "/nowhere/trial.sock", "").Open();

        AssertUnavailable(await RefusalOf(channel));
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")]
    public async Task Another_kind_of_server_is_unavailable(string greeting)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var answering = AnswerAsync(listener, Encoding.ASCII.GetBytes(greeting));

        AssertUnavailable(await RefusalOf($"http://{listener.LocalEndpoint}"));

        listener.Stop();
        await answering.DefaultTimeout();
    }

    [Fact]
    public async Task A_certificate_that_nobody_vouches_for_is_unavailable()
    {
        await using var server = await OwnServer.StartAsync();

        AssertUnavailable(await RefusalOf(server.At(Transport.Tls).Address), "certificate");
    }

    [Fact]
    public async Task A_certificate_for_another_name_is_unavailable()
    {
        await using var server = await OwnServer.StartAsync();
        var target = server.At(Transport.Tls);
        using var channel = GrpcChannel.ForAddress(
            target.Address.Replace("localhost", "127.0.0.1", StringComparison.Ordinal),
            new GrpcChannelOptions { HttpHandler = target.Handler(), DisposeHttpClient = true });

        AssertUnavailable(await RefusalOf(channel), "NameMismatch");
    }

    [Fact]
    public async Task Clear_text_to_a_server_with_TLS_and_the_reverse_are_unavailable()
    {
        await using var server = await OwnServer.StartAsync();

        AssertUnavailable(await RefusalOf("http://" + server.At(Transport.Tls).Place));
        AssertUnavailable(await RefusalOf("https://" + server.At(Transport.ClearText).Place), "SSL");
    }

    [PythonFact]
    public async Task A_server_that_is_killed_is_unavailable()
    {
        await using var server = await PythonServer.StartAsync(Transport.ClearText);
        using var channel = server.At(Transport.ClearText).Open();
        using var call = new Trial.TrialClient(channel).Repeat(new Note { Wish = "hang", Count = 1 });
        Assert.True(await call.ResponseStream.MoveNext().DefaultTimeout());

        Signals.Send(server.Pid, Signals.Kill);

        AssertUnavailable(await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext().DefaultTimeout()));
    }

    [PythonFact]
    public async Task A_server_that_answers_no_ping_is_unavailable()
    {
        await using var server = await PythonServer.StartAsync(Transport.ClearText);
        using var handler = new SocketsHttpHandler
        {
            KeepAlivePingDelay = TimeSpan.FromSeconds(1),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(1),
        };
        using var channel = server.At(Transport.ClearText).Open(options => options.HttpHandler = handler);
        using var call = new Trial.TrialClient(channel).Repeat(new Note { Wish = "hang", Count = 1 });
        Assert.True(await call.ResponseStream.MoveNext().DefaultTimeout());

        Signals.Send(server.Pid, Signals.Stop);

        AssertUnavailable(await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext().DefaultTimeout()));
        Signals.Send(server.Pid, Signals.Continue);
    }

    [Theory]
    [InlineData(400, StatusCode.Internal)]
    [InlineData(401, StatusCode.Unauthenticated)]
    [InlineData(403, StatusCode.PermissionDenied)]
    [InlineData(404, StatusCode.Unimplemented)]
    [InlineData(418, StatusCode.Unknown)]
    [InlineData(429, StatusCode.Unavailable)]
    [InlineData(502, StatusCode.Unavailable)]
    [InlineData(503, StatusCode.Unavailable)]
    [InlineData(504, StatusCode.Unavailable)]
    public async Task An_answer_of_HTTP_alone_has_the_meaning_that_gRPC_gives_it(int status, StatusCode code)
    {
        await using var server = await AnsweringAsync(http =>
        {
            http.Response.StatusCode = status;
            return http.Response.WriteAsync("<html>\nno\n</html>");
        });
        using var channel = server.At(Transport.ClearText).Open();

        var refusal = await RefusalOf(channel);

        Assert.Equal(code, refusal.StatusCode);
        Assert.Contains($"{status}", refusal.Status.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text/html")]
    [InlineData("application/grpc")]
    public async Task A_good_answer_without_a_status_is_not_good(string contentType)
    {
        await using var server = await AnsweringAsync(http =>
        {
            http.Response.ContentType = contentType;
            return http.Response.Body.WriteAsync(new byte[5]).AsTask();
        });
        using var channel = server.At(Transport.ClearText).Open();

        Assert.NotEqual(StatusCode.OK, (await RefusalOf(channel)).StatusCode);
    }

    [Theory]
    [InlineData(0x0, StatusCode.Unavailable)]
    [InlineData(0x2, StatusCode.Internal)]
    [InlineData(0x7, StatusCode.Unavailable)]
    [InlineData(0x8, StatusCode.Cancelled)]
    [InlineData(0xb, StatusCode.ResourceExhausted)]
    [InlineData(0xc, StatusCode.PermissionDenied)]
    public async Task A_reset_has_the_meaning_that_gRPC_gives_it(int error, StatusCode code)
    {
        await using var server = await AnsweringAsync(async http =>
        {
            http.Response.ContentType = "application/grpc";
            await http.Response.StartAsync();
            http.Features.GetRequiredFeature<IHttpResetFeature>().Reset(error);
        });
        using var channel = server.At(Transport.ClearText).Open();

        Assert.Equal(code, (await RefusalOf(channel)).StatusCode);
    }

    [Fact]
    public async Task A_channel_that_is_disposed_ends_its_calls_and_starts_no_more()
    {
        await using var server = await OwnServer.StartAsync();
        var channel = server.At(Transport.ClearText).Open();
        var client = new Trial.TrialClient(channel);
        var call = client.EchoAsync(new Note { Wish = "hang", Data = ByteString.CopyFromUtf8("x") });
        await server.SaysAsync("hung x");

        channel.Dispose();

        var refusal = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync.DefaultTimeout());
        Assert.Equal(StatusCode.Cancelled, refusal.StatusCode);
        await server.SaysAsync("cancelled x");
        Assert.Throws<ObjectDisposedException>(() => client.EchoAsync(new Note()));
    }

    [Fact]
    public async Task A_channel_can_say_by_the_usual_exception_that_its_caller_gave_up()
    {
        await using var server = await OwnServer.StartAsync();
        using var channel = server.At(Transport.ClearText).Open(options => options.ThrowOperationCanceledOnCancellation = true);
        using var cancellation = new CancellationTokenSource();
        var wish = new Note { Wish = "hang", Data = ByteString.CopyFromUtf8("x") };
        var call = new Trial.TrialClient(channel).EchoAsync(wish, cancellationToken: cancellation.Token);
        await server.SaysAsync("hung x");

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.ResponseAsync.DefaultTimeout());
        Assert.Equal(StatusCode.Cancelled, call.GetStatus().StatusCode);
    }

    [Theory]
    [InlineData("ftp://localhost")]
    [InlineData("localhost:3041")]
    public void An_address_of_another_scheme_makes_no_channel(string address) =>
        Assert.ThrowsAny<Exception>(() => GrpcChannel.ForAddress(address).Dispose());

    /// <summary>A server that answers a method of the trial, which it does not have, as it likes.</summary>
    private static Task<OwnServer> AnsweringAsync(Func<HttpContext, Task> answer) =>
        OwnServer.StartAsync(map: application => application.MapPost("/elsewhere.Service/Method", answer));

    private static async Task<RpcException> RefusalOf(string address)
    {
        using var channel = GrpcChannel.ForAddress(address);
        return await RefusalOf(channel);
    }

    private static async Task<RpcException> RefusalOf(GrpcChannel channel)
    {
        var marshaller = Marshallers.Create(note => note.ToByteArray(), Note.Parser.ParseFrom);
        var method = new Method<Note, Note>(MethodType.Unary, "elsewhere.Service", "Method", marshaller, marshaller);
        using var call = channel.CreateCallInvoker().AsyncUnaryCall(method, null, new CallOptions(), new Note());
        return await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync.DefaultTimeout());
    }

    private static void AssertUnavailable(RpcException refusal, string reason = "")
    {
        Assert.Equal(StatusCode.Unavailable, refusal.StatusCode);
        var detail = refusal.Status.Detail;
        Assert.Contains(reason, detail, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', detail);
        Assert.DoesNotContain("inner exception", detail, StringComparison.Ordinal);
    }

    private static async Task AnswerAsync(TcpListener listener, byte[] greeting)
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync();
                await client.GetStream().WriteAsync(greeting);
            }
        }
        catch (SocketException)
        {
            // The test has ended.
        }
    }
}
