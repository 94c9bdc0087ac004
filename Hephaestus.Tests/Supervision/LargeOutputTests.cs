using System.Globalization;
using System.Security.Cryptography;
using Hephaestus.Protocol;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Supervision;

/// <summary>Memory does not grow with output.</summary>
public sealed class LargeOutputTests
{
    private const int Mebibytes = 256;

    private const int MostKibibytes = 150 * 1024;

    [Fact]
    public async Task A_step_may_print_as_much_as_it_likes()
    {
        await using var home = new ServerHome();
        home.Step("p", $"""
            mkfifo {home.Directory}/copy
            sha256sum <{home.Directory}/copy >{home.Directory}/sum &
            seq 1 1000000000 | head -c {Mebibytes}M | tee {home.Directory}/copy
            wait
            printf '\n'; printf '%s\n' a b c d e
            """);
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);

        var execution = await client.RunAsync("set", "p");

        Assert.Equal(State.Ok, execution.State);
        Assert.InRange(PeakOf(server.Pid), 1, MostKibibytes);
        using var file = File.OpenRead(Path.Combine(home.Log(execution.Id), "001-1.out"));
        Assert.Equal((Mebibytes * 1024L * 1024) + 11, file.Length);
        Assert.StartsWith(await SumAsync(file), File.ReadAllText(Path.Combine(home.Directory, "sum")));
        Assert.Equal("a\nb\nc\nd\ne\n", await TailAsync(client, execution.Id, 5));
        Assert.InRange(PeakOf(server.Pid), 1, MostKibibytes);
        await home.SettledAsync();
        Assert.Equal(0, await server.StopAsync());
        await Remnants.GoneAsync(home);
    }

    private static async Task<string> SumAsync(FileStream file)
    {
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (buffer, left) = (new byte[1024 * 1024], Mebibytes);
        for (; left > 0; left--)
        {
            await file.ReadExactlyAsync(buffer);
            sum.AppendData(buffer);
        }

        return Convert.ToHexStringLower(sum.GetHashAndReset());
    }

    private static async Task<string> TailAsync(ServerClient client, uint id, ulong lines)
    {
        var log = new ReadLog();
        using var call = client.Calls.FollowLog(new FollowLogRequest { Id = id, Tail = lines, Step = "s", UntilNow = true });
        while (await call.ResponseStream.MoveNext(default).DefaultTimeout())
        {
            log.Take(call.ResponseStream.Current);
        }

        Assert.Equal((int)lines, log.Lines);
        return log.Out(1);
    }

    /// <summary>The largest resident size so far, in KiB.</summary>
    private static int PeakOf(int pid) => int.Parse(
        File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2],
        CultureInfo.InvariantCulture);
}
