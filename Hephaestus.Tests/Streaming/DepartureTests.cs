using Hephaestus.Protocol;
using Hephaestus.Tests.EndToEnd;
using Hephaestus.Tests.Supervision;

namespace Hephaestus.Tests.Streaming;

/// <summary>Clients that go away in the middle of a stream.</summary>
public sealed class DepartureTests
{
    private const int Departures = 400;
    private const int AtOnce = 16;

    /// <summary>A write may find out that nobody reads before the call's token is cancelled: no moment is special.</summary>
    [Fact]
    public async Task A_client_that_leaves_while_it_is_written_to_is_no_fault_of_the_server()
    {
        await using var home = new ServerHome();
        home.Step("p", "seq 1 200000");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var id = (await client.RunAsync("set", "p")).Id;

        await Parallel.ForAsync(0, Departures, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (departure, _) =>
        {
            using var call = client.Calls.FollowLog(new FollowLogRequest { Id = id }, cancellationToken: CancellationToken.None);
            for (var read = departure % 5; read >= 0; read--)
            {
                Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).DefaultTimeout());
            }
        });

        Assert.Equal(0, await server.StopAsync());
        Assert.Empty(server.Troubles);
    }
}
