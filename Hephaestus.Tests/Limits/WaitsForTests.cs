using Hephaestus.Protocol;
using Hephaestus.Tests.EndToEnd;
using Hephaestus.Tests.Journal;
using Hephaestus.Tests.Supervision;

namespace Hephaestus.Tests.Limits;

/// <summary>What the built server says of an execution whose step waits for space.</summary>
public sealed class WaitsForTests
{
    private const string NotTaken = "its output is not taken yet: ";

    [FactForRoot]
    public async Task A_step_says_that_it_waits_for_space_and_no_longer_when_there_is_some()
    {
        await using var disk = await SmallDisk.MountAsync("size=4m");
        await using var home = new ServerHome("log.late_output = 0s");
        home.MoveState(Path.Combine(disk.Directory.Root, "state"));
        using var before = new Gate(home, "before");
        using var after = new Gate(home, "after");
        home.Step("prints", $"{before.Wait}; seq 1 80000; {after.Wait}");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var id = await client.ExecuteAsync("set", "prints");
        await before.ArrivedAsync();
        Assert.Equal("", await WaitsForAsync(client, id));

        var filler = disk.Fill();
        before.Open();
        Assert.Equal(id, await client.WaitsForAsync(NotTaken));
        Assert.EndsWith(": No space left on device", await WaitsForAsync(client, id), StringComparison.Ordinal);
        Assert.StartsWith(NotTaken, await SnapshotAsync(client, id), StringComparison.Ordinal);
        Assert.Contains("WAITS FOR\n", await TableAsync(server), StringComparison.Ordinal);
        Assert.Contains($"'s': {NotTaken}", await TableAsync(server), StringComparison.Ordinal);
        SmallDisk.Empty(filler);

        await after.ArrivedAsync();
        Assert.Equal(id, await client.WaitsForAsync(""));
        Assert.Equal(("", State.Running), (await WaitsForAsync(client, id), (await client.GetAsync(id)).State));
        Assert.DoesNotContain("WAITS FOR", await TableAsync(server), StringComparison.Ordinal);
        after.Open();
        Assert.Equal(State.Ok, (await client.EndedAsync(id)).State);
        Assert.Equal(0, await server.StopAsync());
    }

    private static async Task<string> WaitsForAsync(ServerClient client, uint id) =>
        Assert.Single((await client.GetAsync(id)).Steps).WaitsFor;

    private static async Task<string> SnapshotAsync(ServerClient client, uint id)
    {
        using var timeout = new CancellationTokenSource(Timeouts.Default);
        using var call = client.Calls.WatchExecutions(new WatchExecutionsRequest { Id = id });
        Assert.True(await call.ResponseStream.MoveNext(timeout.Token));
        return Assert.Single(Assert.Single(call.ResponseStream.Current.Snapshot.Executions).Steps).WaitsFor;
    }

    private static async Task<string> TableAsync(ServerProcess server) =>
        (await CliProcess.RunAsync(server, "plans", "--long")).Out;
}
