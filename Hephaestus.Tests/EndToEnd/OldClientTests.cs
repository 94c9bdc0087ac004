using Hephaestus.Tests.Grpc;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>
/// A client of the first Hephaestus, old_client.py, gets from the built server what the wire's tables promise. It is written
/// from those tables by another implementation of gRPC, and shares no file with ours.
/// </summary>
public sealed class OldClientTests
{
    [PythonTheory]
    [InlineData("listing")]
    [InlineData("details")]
    [InlineData("broken")]
    [InlineData("names")]
    [InlineData("running")]
    [InlineData("statuses")]
    [InlineData("unknown_plan")]
    [InlineData("too_long")]
    [InlineData("dump")]
    [InlineData("dump_all")]
    public async Task An_old_client_is_served_as_before(string scenario)
    {
        await using var home = Home();
        await using var server = await home.StartAsync();

        await RunAsync(home, server, scenario);
    }

    [PythonFact]
    public async Task Ids_are_never_given_twice_and_history_survives_restarts()
    {
        await using var home = Home();
        string id;
        await using (var first = await home.StartAsync())
        {
            id = (await RunAsync(home, first, "before_restart")).Trim();
            await first.KillAsync();
        }

        await using (var second = await home.StartAsync())
        {
            id = (await RunAsync(home, second, "after_restart", id)).Trim();
            await second.StopAsync();
        }

        // All of it has been dumped by now, so that nothing in memory keeps the number.
        await using var third = await home.StartAsync();
        Assert.True(uint.Parse(await RunAsync(home, third, "before_restart")) > uint.Parse(id));
    }

    private static ServerHome Home()
    {
        var home = new ServerHome();
        Fifo.Make(Gate(home));
        Directory.CreateDirectory(Path.Combine(home.Plans, "empty"));
        home.Plan("test#2", "any", Plan("any", "echo any"));
        home.Plan("old", "fine", Plan("fine", "echo fine"));
        home.Plan("old", "waits", Plan("waits", $"cat {Gate(home)}"));
        home.Plan("old", "big", Plan("big", "seq -f 'line %.0f of many, to fill a message' 200000"));
        home.Plan("old", "broken", """
            <plan id="broken"></plan>
            <step desc="no name">
            true
            </step>
            <recovery name="no parent">
            true
            </recovery>
            """);
        home.Plan("old", "deploy.to.prod", $"""
            <plan id="production"></plan>
            <step name="first" desc="Stop the wiki & its cache">
            echo 1
            </step>
            <step name="second" parent="first" user="{(Environment.IsPrivilegedProcess ? "nobody" : Environment.UserName)}" cwd="/tmp" setenv="TARGET /mnt/backup/wiki  copy" setenv="LEVEL 3">
            echo 2
            </step>
            <recovery name="undo" parent="second">
            echo 3
            </recovery>
            """);
        home.Plan("old", "fails", """
            <plan id="fails"></plan>
            <step name="good">
            echo to output
            echo to error >&2
            </step>
            <step name="bad" parent="good">
            exit 3
            </step>
            <step name="never" parent="bad">
            echo never
            </step>
            <step name="lost" cwd="/does/not/exist">
            echo lost
            </step>
            <recovery name="undo" parent="bad">
            echo undone
            </recovery>
            """);
        return home;
    }

    private static string Plan(string id, string command) =>
        $"<plan id=\"{id}\"></plan>\n<step name=\"only\">\n{command}\n</step>\n";

    private static string Gate(ServerHome home) => Path.Combine(home.Directory, "gate");

    private static Task<string> RunAsync(ServerHome home, ServerProcess server, string scenario, params string[] arguments) =>
        Python.RunAsync(
            Python.Script("old_client.py"), [new Uri(server.Address).Authority, home.Dumps, Gate(home), scenario, .. arguments]);
}
