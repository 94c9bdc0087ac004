using Hephaestus.Protocol;
using Hephaestus.Tests.EndToEnd;
using Hephaestus.Tests.Journal;
using Hephaestus.Tests.Supervision;
using ServingStatus = Hephaestus.Protocol.Standard.HealthV1.HealthCheckResponse.Types.ServingStatus;

namespace Hephaestus.Tests.Limits;

/// <summary>The built server on a disk that becomes full, of bytes or of files, at each station of the data.</summary>
public sealed class SpaceTests
{
    private static readonly string s_numbers = string.Concat(Enumerable.Range(1, 40_000).Select(number => $"{number}\n"));

    [FactForRoot]
    public Task While_there_is_no_space_everything_waits_and_goes_on_by_itself() =>
        WaitsAsync("size=4m", "No space left on device", disk => disk.Fill());

    [FactForRoot]
    public Task While_no_file_can_be_made_everything_waits_and_goes_on_by_itself() =>
        WaitsAsync("size=64m,nr_inodes=64", "No space left on device", disk => disk.FillWithFiles());

    [FactForRoot]
    public async Task A_server_starts_on_a_full_disk_and_goes_on_with_what_a_killed_one_left()
    {
        await using var disk = await SmallDisk.MountAsync("size=4m");
        await using var home = Home(disk);
        using var gate = new Gate(home);
        home.Step("p", $"echo first; {gate.Wait}; seq 1 40000");
        await using (var server = await home.StartAsync())
        {
            using var client = new ServerClient(server);
            await client.ExecuteAsync("set", "p");
            await gate.ArrivedAsync();
            await client.WhenLogAsync(1, log => log.Out(1) == "first\n");
            await server.KillAsync();
        }

        var filler = disk.Fill();
        await using var next = ServerProcess.Launch(home);
        await next.SaysAsync("journal.db: its disk is full; free some space; the start waits for it");
        gate.Open();
        File.Delete(filler);
        Assert.True(await next.IsReadyAsync(), next.Said);
        using var again = new ServerClient(next);

        Assert.Equal(State.Ok, (await again.EndedAsync(1)).State);
        Assert.Equal("first\n" + s_numbers, home.Output(1));
        Assert.Equal("first\n" + s_numbers, (await again.LogAsync(1)).Out(1));
        await home.SettledAsync();
        Assert.Equal(0, await next.StopAsync());
        await Remnants.GoneAsync(home);
    }

    private static async Task WaitsAsync(string options, string reason, Func<SmallDisk, string> fill)
    {
        await using var disk = await SmallDisk.MountAsync(options);
        await using var home = Home(disk);
        using var gate = new Gate(home);
        home.Step("ends", "true");
        home.Step("prints", $"{gate.Wait}; seq 1 40000; echo wrong >&2");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        Assert.Equal(State.Ok, (await client.RunAsync("set", "ends")).State);
        var prints = await client.ExecuteAsync("set", "prints");
        await gate.ArrivedAsync();
        await client.WhenAsync(prints, execution => execution.Steps[0].Pid != 0);

        // The journal has nothing to write. What prints, what is about to start and what is to be dumped: none of them finds a place.
        var filler = fill(disk);
        gate.Open();
        await server.SaysAsync("Steps wait, nothing is lost: ");
        Assert.Contains(reason, server.Errors, StringComparison.Ordinal);
        Assert.Equal(ServingStatus.NotServing, await client.HealthAsync());
        var waiting = client.ExecuteAsync("set", "ends");
        Assert.NotEqual(0, (await CliProcess.RunAsync(server, "dump-history", "--id", "1")).ExitCode);
        Assert.Equal(State.Running, (await client.GetAsync(prints)).State);
        Assert.Contains((await client.PlansAsync()), id => id == prints);
        SmallDisk.Empty(filler);

        Assert.Equal(State.Ok, (await client.EndedAsync(prints)).State);
        Assert.Equal(State.Ok, (await client.EndedAsync(await waiting)).State);
        await server.SaysAsync("what waited goes on");
        Assert.Equal(ServingStatus.Serving, await client.HealthAsync());
        Assert.Equal((s_numbers, "wrong\n"), (home.Output(prints), home.Output(prints, "err")));
        var log = await client.LogAsync(prints);
        log.AssertEachLineOnce();
        Assert.Equal((s_numbers, "wrong\n"), (log.Out(1), log.Err(1)));
        Assert.Equal(0, (await CliProcess.RunAsync(server, "dump-history", "--id", "1")).ExitCode);
        Assert.Single(Directory.GetFiles(Path.Combine(disk.Directory.Root, "dumps")));
        await home.SettledAsync();
        Assert.Equal(0, await server.StopAsync());
        await Remnants.GoneAsync(home);
    }

    private static ServerHome Home(SmallDisk disk)
    {
        var home = new ServerHome("log.late_output = 0s", $"plan.rule_log = {disk.Directory.Root}/dumps");
        home.MoveState(Path.Combine(disk.Directory.Root, "state"));
        return home;
    }
}
