using System.Globalization;
using System.Security.Cryptography;
using Grpc.Core;
using Grpc.Net.Client;
using Hephaestus.Protocol;
using Hephaestus.Tests.Grpc;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>Followers that stop, that are many, that come and go: nobody misses a byte, and the server does not grow.</summary>
public sealed class FollowerTroubleTests
{
    /// <summary>Descriptors that the runtime may have come to need meanwhile; a connection for each follower, or for each eight, are more.</summary>
    private const int OfRuntime = 6;

    [Fact]
    public async Task A_follower_that_stops_reading_costs_nothing_and_gets_everything_when_it_reads_again()
    {
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        home.Plan("set", "p", $"<plan id=\"p\"></plan>\n<step name=\"s\">\n{gate.Wait}\nseq 12000000\n{gate.Wait}\n</step>\n");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        using var other = new ServerClient(server);
        await WarmUpAsync(home, client);
        var id = await client.ExecuteAsync("set", "p");
        await gate.ArrivedAsync();
        using var stopped = new ReceivedLog();
        using var slow = client.Calls.FollowLog(stopped.Request(id));
        await TakeAsync(slow, stopped);
        var before = Memory(server);

        // One follower on the connection of the one that reads no more, and one on another.
        using var beside = new ReceivedLog();
        using var apart = new ReceivedLog();
        var following = Task.WhenAll(FollowAsync(client, id, beside), FollowAsync(other, id, apart));
        gate.Open();
        await gate.ArrivedAsync();
        gate.Open();
        await following;
        var grown = Memory(server) - before;

        var (size, digest) = Written(home, id);
        Assert.Equal([digest, digest], new[] { beside, apart }.Select(log => log.Digest(1, LogStream.Out)));
        Assert.True(stopped.Bytes < size / 2, $"{stopped.Bytes} of {size} bytes had come already");
        Assert.True(grown < size / 2, $"the server grew by {grown} bytes while {size} waited for one who did not read");

        while (stopped.End is null)
        {
            await TakeAsync(slow, stopped);
        }

        Assert.Equal(digest, stopped.Digest(1, LogStream.Out));
    }

    /// <summary>
    /// Nothing reads its socket any more, and no ping is answered: shorter than the 50 s after which the server gives such a
    /// connection up.
    /// </summary>
    [PythonFact]
    public async Task A_follower_whose_process_is_stopped_holds_nobody_up_and_misses_nothing()
    {
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        home.Plan("set", "p", $"<plan id=\"p\"></plan>\n<step name=\"s\">\n{gate.Wait}\nseq 6000000\n{gate.Wait}\n</step>\n");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        await WarmUpAsync(home, client);
        var id = await client.ExecuteAsync("set", "p");
        await gate.ArrivedAsync();
        using var process = Python.Start(Python.Script("new_client.py"), new Uri(server.Address).Authority, "digest", $"{id}");
        try
        {
            Assert.Equal("following", await process.StandardOutput.ReadLineAsync().DefaultTimeout());
            Signals.Send(process.Id, Signals.Stop);
            var before = Memory(server);
            using var log = new ReceivedLog();
            var following = FollowAsync(client, id, log);
            gate.Open();
            await gate.ArrivedAsync();
            gate.Open();
            await following;
            var grown = Memory(server) - before;
            Signals.Send(process.Id, Signals.Continue);

            var (size, digest) = Written(home, id);
            Assert.Equal(digest, log.Digest(1, LogStream.Out));
            Assert.True(grown < size / 2, $"the server grew by {grown} bytes while {size} waited for one who did not read");
            Assert.Equal(digest, await process.StandardOutput.ReadLineAsync().DefaultTimeout(), ignoreCase: true);
        }
        finally
        {
            process.Kill();
        }
    }

    [Fact]
    public async Task A_thousand_followers_on_a_few_connections_each_get_every_line_once_and_leave_nothing()
    {
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        home.Plan("set", "p", $"""
            <plan id="p"></plan>
            <step name="s">
            {gate.Wait}
            for part in 1 2 3 4 5 6 7 8 9 10; do seq -f "line %.0f of part $part" 100; echo "error $part" >&2; sleep 0.05; done
            </step>
            """);
        // A server that kept anything of its followers would not live with so little.
        await using var server = await home.StartAsync(("DOTNET_GCHeapHardLimit", "0x10000000"));
        using var client = new ServerClient(server);
        await FollowAThousandTimesAsync(home, server, client, gate);
        var descriptors = Descriptors(server);

        await FollowAThousandTimesAsync(home, server, client, gate);
        await FollowAThousandTimesAsync(home, server, client, gate);

        // What a connection holds is given back when its end has been noticed, which the next calls may come before.
        using var timeout = new CancellationTokenSource(Timeouts.Default);
        while (Descriptors(server) > descriptors + OfRuntime)
        {
            await client.Calls.ListPlanSetsAsync(new Empty(), cancellationToken: timeout.Token);
        }

        Assert.Empty(server.Troubles);
        Assert.Equal(0, await server.StopAsync());
    }

    /// <summary>Two at once, so that what one reads is what the other gets.</summary>
    [Theory]
    [InlineData(1, 2)]
    public async Task Followers_that_reconnect_a_thousand_times_at_random_points_miss_nothing_and_get_nothing_twice(params int[] seeds)
    {
        await using var home = new ServerHome();
        home.Plan("set", "p", """
            <plan id="p"></plan>
            <step name="s">
            for round in 1 2 3 4 5 6 7 8; do
              seq -f "line %.0f of round $round" 300
              printf 'bytes that are no text: \xff\0\n'
              echo "error $round" >&2
              printf 'half %s' "$round"; sleep 0.3; printf ', more'; sleep 0.3
              echo ', and the rest'
              head -c 700000 /dev/zero | tr '\0' "$round"; echo
            done
            printf 'no newline at the end'
            </step>
            """);
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var id = await client.ExecuteAsync("set", "p");

        await Task.WhenAll(seeds.Select(seed => ReconnectAThousandTimesAsync(home, server, id, seed)));
    }

    private static async Task ReconnectAThousandTimesAsync(ServerHome home, ServerProcess server, uint id, int seed)
    {
        const int reconnections = 1000;
        var random = new Random(seed);
        var count = 0;
        for (var pass = 1; count < reconnections; pass++)
        {
            using var log = new ReceivedLog();
            count += await ReconnectAsync(server, id, log, random);
            Assert.Equal(Written(home, id).Digest, log.Digest(1, LogStream.Out));
            Assert.Equal(Written(home, id, "001-1.err").Digest, log.Digest(1, LogStream.Err));
            Assert.Equal(Written(home, id, "remarks").Digest, log.Digest(0, LogStream.Remark));
            Assert.True(pass < 100, $"100 passes made only {count} reconnections, seed {seed}");
        }
    }

    /// <summary>Follows to the end, cut off again and again: after some messages, within one, or with the whole connection.</summary>
    private static async Task<int> ReconnectAsync(ServerProcess server, uint id, ReceivedLog log, Random random)
    {
        var channel = GrpcChannel.ForAddress(server.Address);
        try
        {
            for (var count = 0; ; count++)
            {
                using var call = new Protocol.Hephaestus.HephaestusClient(channel).FollowLog(log.Request(id));
                for (var left = random.Next(4); left > 0 && log.End is null; left--)
                {
                    await TakeAsync(call, log);
                }

                if (log.End is not null)
                {
                    return count;
                }

                Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).DefaultTimeout());
                log.TakePart(call.ResponseStream.Current, random);
                if (random.Next(10) == 0)
                {
                    channel.Dispose();
                    channel = GrpcChannel.ForAddress(server.Address);
                }
            }
        }
        finally
        {
            channel.Dispose();
        }
    }

    private static async Task FollowAThousandTimesAsync(ServerHome home, ServerProcess server, ServerClient client, Gate gate)
    {
        const int connections = 8;
        const int each = 125;
        var id = await client.ExecuteAsync("set", "p");
        await gate.ArrivedAsync();
        var channels = Enumerable.Range(0, connections).Select(_ => GrpcChannel.ForAddress(server.Address)).ToArray();
        var begun = new CountdownEvent(connections * each);
        var allBegun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            var following = channels
                .SelectMany(channel => Enumerable.Repeat(new Protocol.Hephaestus.HephaestusClient(channel), each))
                .Select(FollowAsync).ToArray();
            await Task.WhenAny(allBegun.Task, Task.WhenAll(following)).DefaultTimeout();
            gate.Open();
            var logs = await Task.WhenAll(following).DefaultTimeout();

            var (output, errors) = (Written(home, id).Digest, Written(home, id, "001-1.err").Digest);
            Assert.Equal(connections * each, logs.Length);
            Assert.All(logs, log => Assert.Equal((output, errors, State.Ok), log));
        }
        finally
        {
            Array.ForEach(channels, channel => channel.Dispose());
            begun.Dispose();
        }

        async Task<(string Output, string Errors, State? End)> FollowAsync(Protocol.Hephaestus.HephaestusClient calls)
        {
            using var log = new ReceivedLog();
            using var call = calls.FollowLog(log.Request(id));
            await TakeAsync(call, log);
            if (begun.Signal())
            {
                allBegun.SetResult();
            }

            while (log.End is null)
            {
                await TakeAsync(call, log);
            }

            Assert.False(await call.ResponseStream.MoveNext(CancellationToken.None).DefaultTimeout());
            return (log.Digest(1, LogStream.Out), log.Digest(1, LogStream.Err), log.End);
        }
    }

    private static async Task FollowAsync(ServerClient client, uint id, ReceivedLog log)
    {
        using var call = client.Calls.FollowLog(log.Request(id));
        while (log.End is null)
        {
            await TakeAsync(call, log);
        }
    }

    private static async Task TakeAsync(AsyncServerStreamingCall<LogUpdate> call, ReceivedLog log)
    {
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).DefaultTimeout(), "the stream ended before the log");
        log.Take(call.ResponseStream.Current);
    }

    /// <summary>What the server needs once for all its followers does not count as growth.</summary>
    private static async Task WarmUpAsync(ServerHome home, ServerClient client)
    {
        home.Plan("set", "warm", "<plan id=\"w\"></plan>\n<step name=\"s\">seq 2000000</step>\n");
        await client.KnowsAsync("set", "warm");
        var id = await client.ExecuteAsync("set", "warm");
        using var log = new ReceivedLog();
        await FollowAsync(client, id, log);
    }

    private static (long Size, string Digest) Written(ServerHome home, uint id, string file = "001-1.out")
    {
        using var content = File.OpenRead(Path.Combine(home.Log(id), file));
        return (content.Length, Convert.ToHexString(SHA256.HashData(content)));
    }

    /// <summary>Resident, in bytes.</summary>
    private static long Memory(ServerProcess server)
    {
        var line = File.ReadLines($"/proc/{server.Pid}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
    }

    private static int Descriptors(ServerProcess server) => Directory.EnumerateFileSystemEntries($"/proc/{server.Pid}/fd").Count();
}
