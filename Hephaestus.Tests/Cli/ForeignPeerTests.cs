using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Cli;

/// <summary>What the built program says of another end that is no server as it expects it.</summary>
public sealed class ForeignPeerTests
{
    private const int ClientHello = 1;
    private const int SupportedVersions = 43;

    [Fact]
    public async Task Who_takes_a_connection_and_says_nothing_is_waited_for_10_seconds()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var address = $"http://{silent.LocalEndpoint}";

        var results = await Task.WhenAll(
            CliProcess.RunAsync("-H", address, "plans"),
            CliProcess.RunAsync("-H", address, "status", "--id", "1", "--follow"));

        Assert.All(results, result => Assert.Equal(
            new CliResult(
                4,
                "",
                $"hephaestus-cli: the connection to {address} failed: nothing came back within 10 s; what answers there may not speak HTTP/2\n"),
            result));
    }

    [Fact]
    public async Task Who_speaks_TLS_where_none_is_expected_is_recognised()
    {
        await using var server = await AskedServer.StartAsync();
        var address = $"http://127.0.0.1:{server.TlsPort}";

        var result = await CliProcess.RunAsync("-H", address, "plans");

        Assert.Equal(
            new CliResult(
                4,
                "",
                $"hephaestus-cli: the connection to {address} failed: it ended before any HTTP/2 came back; "
                + "what answers there may speak TLS (an address with TLS begins with https://)\n"),
            result);
    }

    [Fact]
    public async Task TLS_is_offered_as_1_3_and_1_2_alone()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var running = CliProcess.RunAsync("-H", $"https://{listener.LocalEndpoint}", "plans");
        byte[] hello;
        using (var connection = await listener.AcceptTcpClientAsync().DefaultTimeout())
        {
            hello = await ReadHelloAsync(connection.GetStream()).DefaultTimeout();
        }

        var result = await running;

        Assert.Equal(4, result.ExitCode);
        Assert.Equal(["0304", "0303"], Versions(hello));
    }

    /// <summary>The first message of a client, as RFC 8446 lays it out, within one record.</summary>
    private static async Task<byte[]> ReadHelloAsync(NetworkStream stream)
    {
        var head = new byte[5];
        await stream.ReadExactlyAsync(head);
        var record = new byte[BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(3))];
        await stream.ReadExactlyAsync(record);
        Assert.Equal(ClientHello, record[0]);
        return record;
    }

    private static string[] Versions(byte[] hello)
    {
        // Type and length, the legacy version, 32 random bytes; then the session, suites and compressions with their lengths.
        var at = 4 + 2 + 32;
        at += 1 + hello[at];
        at += 2 + BinaryPrimitives.ReadUInt16BigEndian(hello.AsSpan(at));
        at += 1 + hello[at];
        at += 2;
        while (BinaryPrimitives.ReadUInt16BigEndian(hello.AsSpan(at)) != SupportedVersions)
        {
            at += 4 + BinaryPrimitives.ReadUInt16BigEndian(hello.AsSpan(at + 2));
        }

        var versions = hello.AsSpan(at + 5, hello[at + 4]);
        return [.. Convert.ToHexString(versions).Chunk(4).Select(version => new string(version))];
    }
}
