using Grpc.Core;
using Hephaestus.Protocol;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>Operators remove logs of ended executions by hand to win space.</summary>
public sealed class RemovedLogTests
{
    [Fact]
    public async Task A_log_that_was_removed_is_said_to_be_gone_and_the_execution_is_known_still()
    {
        await using var home = new ServerHome();
        home.Plan("set", "plan", "<plan id=\"p\"></plan>\n<step name=\"a\">echo hello</step>\n");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        await client.RunAsync("set", "plan");
        var kept = (await client.RunAsync("set", "plan")).Id;
        Directory.Delete(home.Log(1), recursive: true);

        var followed = await CliProcess.RunAsync(server, "status", "--id", "1", "--follow");
        var old = await Assert.ThrowsAsync<RpcException>(
            () => client.Calls.ShowStatusAsync(new PlanId { Id = 1 }).ResponseAsync.DefaultTimeout());
        var other = await CliProcess.RunAsync(server, "status", "--id", $"{kept}");

        Assert.Equal((4, ""), (followed.ExitCode, followed.Out));
        Assert.Contains("the log of execution 1 is no longer there", followed.Err);
        Assert.Equal(StatusCode.NotFound, old.StatusCode);
        Assert.Equal(0, other.ExitCode);
        Assert.Equal(State.Ok, (await client.GetAsync(1)).State);
    }
}
