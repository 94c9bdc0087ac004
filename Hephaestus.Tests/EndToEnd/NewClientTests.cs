using Hephaestus.Tests.Grpc;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>
/// Another implementation of gRPC, new_client.py, subscribes to the built server and takes its subscriptions up again. All
/// it knows of the service it has from the server's reflection.
/// </summary>
public sealed class NewClientTests
{
    [PythonFact]
    public async Task A_follower_that_is_cut_off_after_each_message_misses_nothing_and_gets_nothing_twice()
    {
        await using var home = Home();
        await using var server = await home.StartAsync();

        await RunAsync(server, "follow", Executions(home), Gate(home));
    }

    [PythonFact]
    public async Task A_follower_goes_on_where_it_was_when_the_server_was_killed()
    {
        await using var home = Home();
        var keep = Path.Combine(home.Directory, "kept");
        await using (var first = await home.StartAsync())
        {
            await RunAsync(first, "follow_until_restart", Gate(home), keep);
            await first.KillAsync();
        }

        await using var second = await home.StartAsync();
        await RunAsync(second, "follow_after_restart", Executions(home), Gate(home), keep);
    }

    [PythonTheory]
    [InlineData("tail")]
    [InlineData("watch")]
    [InlineData("out_of_range")]
    public async Task A_subscriber_gets_what_it_asks_for(string scenario)
    {
        await using var home = Home();
        await using var server = await home.StartAsync();

        await RunAsync(server, scenario);
    }

    [PythonFact]
    public async Task Every_stream_ends_with_a_reason_when_the_server_stops()
    {
        await using var home = Home();
        await using var server = await home.StartAsync();
        using var client = Python.Start(Python.Script("new_client.py"), Place(server), "stays", Gate(home));
        Assert.Equal("following", await client.StandardOutput.ReadLineAsync().DefaultTimeout());

        Assert.Equal(0, await server.StopAsync());

        for (var stream = 0; stream < 3; stream++)
        {
            Assert.Equal("UNAVAILABLE the server is stopping", await client.StandardOutput.ReadLineAsync().DefaultTimeout());
        }

        await client.WaitForExitAsync().DefaultTimeout();
    }

    [PythonTheory]
    [InlineData("health.py", "serving")]
    [InlineData("health.py", "unknown")]
    [InlineData("health.py", "everything")]
    [InlineData("reflection.py", "services")]
    [InlineData("reflection.py", "symbols")]
    public async Task The_program_answers_health_checks_and_reflection(string script, string scenario)
    {
        await using var home = Home();
        await using var server = await home.StartAsync();

        foreach (var place in new[] { Place(server), "unix:" + home.Socket })
        {
            await Python.RunAsync(Path.Combine(Programs.Root, "Hephaestus.Tests", "Standard", script), place, scenario);
        }
    }

    /// <summary>One plan prints in parts and waits at a gate before and within each; the other is soon done.</summary>
    private static ServerHome Home()
    {
        var home = new ServerHome();
        Fifo.Make(Gate(home));
        home.Plan("new", "quick", "<plan id=\"quick\"></plan>\n<step name=\"only\">seq 100</step>\n");
        home.Plan("new", "talks", $$"""
            <plan id="talks"></plan>
            <step name="first">
            for part in 0 1 2 3 4; do
              cat {{Gate(home)}}
              seq -f "line %.0f of part $part" 300
              echo "error $part" >&2
              printf 'bytes that are no text: \xff\0\n'
              printf 'half %s' "$part"
              cat {{Gate(home)}}
              echo ', and the rest'
            done
            printf 'no newline at the end'
            </step>
            <step name="second" parent="first">
            seq 1000
            </step>

            """);
        return home;
    }

    private static string Gate(ServerHome home) => Path.Combine(home.Directory, "gate");

    private static string Executions(ServerHome home) => Path.Combine(home.State, "executions");

    private static string Place(ServerProcess server) => new Uri(server.Address).Authority;

    private static Task<string> RunAsync(ServerProcess server, string scenario, params string[] arguments) =>
        Python.RunAsync(Python.Script("new_client.py"), [Place(server), scenario, .. arguments]);
}
