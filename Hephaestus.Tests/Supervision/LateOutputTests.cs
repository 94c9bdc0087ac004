using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Supervision;

/// <summary>Processes that keep a step's output open when it has ended.</summary>
public sealed class LateOutputTests
{
    [Fact]
    public async Task What_a_background_process_prints_after_its_steps_end_is_appended()
    {
        await using var home = new ServerHome("log.late_output = 1h");
        using var gate = new Gate(home);
        home.Steps("p", $"<step name=\"s\">\n({gate.Pass}; echo late) & echo now\n</step>", "<step name=\"next\">\necho next\n</step>");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var execution = await client.RunAsync("set", "p");
        Assert.Equal(State.Ok, execution.State);
        Assert.Equal("now\n", home.Output(execution.Id));

        gate.Open();
        await home.SettledAsync();

        var log = await client.LogAsync(execution.Id);
        Assert.Equal("now\nlate\n", log.Out(1));
        Assert.Equal("next\n", log.Out(2));
        log.AssertEachLineOnce();
        Assert.DoesNotContain(log.Remarks, line => line.Contains("left processes behind", StringComparison.Ordinal));
        Assert.Equal(0, await server.StopAsync());
        await Remnants.GoneAsync(home);
    }

    [Fact]
    public async Task Late_output_is_waited_for_over_a_restart()
    {
        await using var home = new ServerHome("log.late_output = 1h");
        using var gate = new Gate(home);
        home.Step("p", $"({gate.Pass}; echo late) & echo now");
        uint id;
        await using (var server = await home.StartAsync())
        {
            using var client = new ServerClient(server);
            id = (await client.RunAsync("set", "p")).Id;
            await server.KillAsync();
        }

        gate.Open();
        await using var next = await home.StartAsync();
        await home.SettledAsync();

        Assert.Equal("now\nlate\n", home.Output(id));
        Assert.Equal(0, await next.StopAsync());
        await Remnants.GoneAsync(home);
    }

    [Fact]
    public async Task Who_keeps_the_output_open_for_too_long_is_named_and_no_longer_listened_to()
    {
        await using var home = new ServerHome("log.late_output = 1s");
        home.Step("p", $"sleep 1000 & echo $! >{home.Directory}/left; echo now");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var execution = await client.RunAsync("set", "p");
        var left = int.Parse(File.ReadAllText(Path.Combine(home.Directory, "left")));

        var remark = await client.RemarkAsync(execution.Id, "left processes behind");
        await home.SettledAsync();

        Assert.EndsWith($"from now on is not taken: {left} (sleep)", remark);
        Assert.Equal(State.Ok, execution.State);
        Assert.Equal(0, await server.StopAsync());
        await Remnants.GoneAsync(left, Signals.Kill);
        await Remnants.GoneAsync(home);
    }
}
