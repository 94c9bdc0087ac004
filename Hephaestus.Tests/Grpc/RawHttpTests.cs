using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Grpc;

/// <summary>What the server does with requests that no client library would send, seen as HTTP/2.</summary>
public sealed class RawHttpTests
{
    private const string Ok = "0";
    private const string DeadlineExceeded = "4";
    private const string NotFound = "5";
    private const string ResourceExhausted = "8";
    private const string Unimplemented = "12";
    private const string Internal = "13";

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/grpc-web")]
    [InlineData("application/grpcx")]
    [InlineData("text/html; application/grpc")]
    public async Task What_is_no_gRPC_is_an_unsupported_media_type(string contentType)
    {
        await using var server = await OwnServer.StartAsync();

        using var response = await PostAsync(server, "Echo", Frame(new Note()), ("content-type", contentType));

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.False(response.Headers.Contains("grpc-status"));
    }

    [Theory]
    [InlineData("application/grpc")]
    [InlineData("application/grpc+proto")]
    [InlineData("application/grpc;charset=utf-8")]
    public async Task Every_form_of_the_content_type_is_accepted(string contentType)
    {
        await using var server = await OwnServer.StartAsync();

        using var response = await PostAsync(server, "Echo", Frame(new Note { Count = 3 }), ("content-type", contentType));

        Assert.Equal("application/grpc", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(Ok, await StatusAfterBodyAsync(response));
    }

    [Fact]
    public async Task An_error_before_any_message_is_headers_alone()
    {
        await using var server = await OwnServer.StartAsync();
        var wish = new Note { Wish = "refuse", Count = 5, Data = ByteString.CopyFromUtf8("50 % ü") };

        using var response = await PostAsync(server, "Echo", Frame(wish));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(NotFound, Header(response, "grpc-status"));
        Assert.Equal("50 %25 %C3%BC", Header(response, "grpc-message"));
        Assert.Equal("AAEC/w", Header(response, "why-bin"));
        Assert.Empty(await response.Content.ReadAsByteArrayAsync().DefaultTimeout());
        Assert.Empty(response.TrailingHeaders);
    }

    [Theory]
    [InlineData(new byte[] { 1, 0, 0, 0, 0 }, Internal)] // compressed, and no word of how
    [InlineData(new byte[] { 7, 0, 0, 0, 0 }, Internal)] // a flag that does not exist
    [InlineData(new byte[] { }, Internal)] // no message
    [InlineData(new byte[] { 0, 0, 0 }, Internal)] // half a header
    [InlineData(new byte[] { 0, 0, 0, 0, 9, 1 }, Internal)] // half a message
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, Internal)] // two messages
    [InlineData(new byte[] { 0, 0, 0x40, 0, 1 }, ResourceExhausted)] // the length alone is too much
    [InlineData(new byte[] { 0, 0xFF, 0xFF, 0xFF, 0xFF }, ResourceExhausted)]
    public async Task A_body_that_is_no_message_is_refused(byte[] body, string status)
    {
        await using var server = await OwnServer.StartAsync();

        using var response = await PostAsync(server, "Echo", body);

        Assert.Equal(status, Header(response, "grpc-status"));
        Assert.DoesNotContain("Exception", Header(response, "grpc-message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_compression_that_nobody_knows_is_refused_with_those_that_are_known()
    {
        await using var server = await OwnServer.StartAsync();

        using var response = await PostAsync(server, "Echo", Frame(new Note()), ("grpc-encoding", "snappy"));

        Assert.Equal(Unimplemented, Header(response, "grpc-status"));
        Assert.Contains("gzip", Header(response, "grpc-accept-encoding"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gzip", 1)]
    [InlineData("identity, deflate ,gzip", 1)]
    [InlineData("identity", 0)]
    [InlineData(null, 0)]
    public async Task Responses_are_compressed_for_those_who_take_it(string? accepted, byte flag)
    {
        await using var server = await OwnServer.StartAsync();

        (string, string)[] headers = accepted is null ? [] : [("grpc-accept-encoding", accepted)];

        using var response = await PostAsync(server, "Echo", Frame(new Note { Data = ByteString.CopyFrom(new byte[5000]) }), headers);

        var body = await response.Content.ReadAsByteArrayAsync().DefaultTimeout();
        Assert.Equal(flag, body[0]);
        Assert.Equal(flag == 1, body.Length < 1000);
        Assert.Equal(Ok, await StatusAfterBodyAsync(response));
    }

    [Fact]
    public async Task A_message_that_only_claims_to_be_compressed_is_refused()
    {
        await using var server = await OwnServer.StartAsync();

        using var response = await PostAsync(server, "Echo", [1, 0, 0, 0, 3, 1, 2, 3], ("grpc-encoding", "gzip"));

        Assert.Equal(Internal, Header(response, "grpc-status"));
    }

    [Fact]
    public async Task A_compressed_message_arrives_in_whatever_pieces_it_comes()
    {
        await using var server = await OwnServer.StartAsync();
        // Random bytes stay as many when compressed: they cross the transport's blocks.
        var note = new Note { Data = ByteString.CopyFrom(RandomBytes(100_000)) };
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(note.ToByteArray());
        }

        var body = compressed.ToArray();
        body = [.. FrameHeader(1, body.Length), .. body];
        using var response = await PostAsync(server, "Echo", body, ("grpc-encoding", "gzip"));

        Assert.Equal(Frame(note), await response.Content.ReadAsByteArrayAsync().DefaultTimeout());
    }

    [Fact]
    public async Task Binary_metadata_may_be_padded_or_not_and_joined()
    {
        await using var server = await OwnServer.StartAsync();

        (string, string)[] headers = [("x-bytes-bin", "AAE=,AAEC/w, AA"), ("x-other-bin", "!not base64!")];

        using var response = await PostAsync(server, "Echo", Frame(new Note { Wish = "reflect" }), headers);

        Assert.Equal(["AAE", "AAEC/w", "AA"], response.Headers.GetValues("x-bytes-bin"));
        Assert.False(response.Headers.Contains("x-other-bin"));
    }

    [Theory]
    [InlineData("300m")]
    [InlineData("1n")]
    [InlineData("250000u")]
    public async Task A_caller_has_its_status_at_the_deadline_though_the_handler_goes_on(string timeout)
    {
        await using var server = await OwnServer.StartAsync();

        using var response = await PostAsync(server, "Echo", Frame(new Note { Wish = "deaf" }), ("grpc-timeout", timeout));

        Assert.Equal(DeadlineExceeded, await StatusAfterBodyAsync(response));
        server.State.Release();
    }

    [Fact]
    public async Task A_stream_has_its_status_at_the_deadline_behind_its_messages()
    {
        await using var server = await OwnServer.StartAsync();
        var wish = new Note { Wish = "hang", Count = 3, Data = ByteString.CopyFromUtf8("x") };

        using var response = await PostAsync(server, "Repeat", Frame(wish), ("grpc-timeout", "500m"));

        var body = await response.Content.ReadAsByteArrayAsync().DefaultTimeout();
        Assert.Equal([.. Frame(wish), .. Frame(wish), .. Frame(wish)], body);
        Assert.Equal(DeadlineExceeded, Assert.Single(response.TrailingHeaders.GetValues("grpc-status")));
        await server.SaysAsync("cancelled x");
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("5")]
    [InlineData("S")]
    [InlineData("123456789S")]
    [InlineData("-5S")]
    public async Task A_deadline_that_cannot_be_read_is_none(string timeout)
    {
        await using var server = await OwnServer.StartAsync();

        using var response = await PostAsync(server, "Echo", Frame(new Note()), ("grpc-timeout", timeout));

        Assert.Equal(Ok, await StatusAfterBodyAsync(response));
    }

    private static async Task<HttpResponseMessage> PostAsync(
        OwnServer server, string method, byte[] body, params (string Name, string Value)[] headers)
    {
        using var client = new HttpClient();
        var address = $"{server.At(Transport.ClearText).Address}/trial.Trial/{method}";
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        foreach (var (name, value) in headers)
        {
            HttpHeaders target = name == "content-type" ? request.Content.Headers : request.Headers;
            target.Remove(name);
            Assert.True(target.TryAddWithoutValidation(name, value));
        }

        return await client.SendAsync(request).DefaultTimeout();
    }

    private static async Task<string> StatusAfterBodyAsync(HttpResponseMessage response)
    {
        await response.Content.ReadAsByteArrayAsync().DefaultTimeout();
        return response.TrailingHeaders.TryGetValues("grpc-status", out var values)
            ? Assert.Single(values)
            : Header(response, "grpc-status");
    }

    private static string Header(HttpResponseMessage response, string name) => Assert.Single(response.Headers.GetValues(name));

    private static byte[] Frame(Note note)
    {
        var bytes = note.ToByteArray();
        return [.. FrameHeader(0, bytes.Length), .. bytes];
    }

    private static byte[] FrameHeader(byte flag, int length)
    {
        var header = new byte[5];
        header[0] = flag;
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(1), length);
        return header;
    }

    private static byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        new Random(1).NextBytes(bytes);
        return bytes;
    }
}
