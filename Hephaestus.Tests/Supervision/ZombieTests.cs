using Hephaestus.Server.Supervision;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Supervision;

/// <summary>How a process ended can be read until its parent has reaped it.</summary>
public sealed class ZombieTests
{
    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 7", 7 << 8)]
    [InlineData("kill -KILL $$", 9)]
    public async Task A_process_that_nobody_has_reaped_tells_how_it_ended(string command, int status)
    {
        var (pid, start) = await EndedAsync(command);

        Assert.Equal(status, ProcessTable.StatusOfZombie(pid, start));
        Assert.Null(ProcessTable.StatusOfZombie(pid, start + 1));

        Libc.Reap(pid);
        Assert.Null(ProcessTable.StatusOfZombie(pid, start));
    }

    [Fact]
    public void A_process_that_runs_has_no_status() =>
        Assert.Null(ProcessTable.StatusOfZombie(Environment.ProcessId, ProcessTable.StartOf(Environment.ProcessId)));

    private static async Task<(int Pid, ulong Start)> EndedAsync(string command)
    {
        using var nowhere = Libc.Open("/dev/null", Libc.O_WRONLY);
        var pid = Libc.Spawn(new ProcessImage(["/bin/bash", "-c", command], [], null, nowhere, nowhere), out var error);
        Assert.Equal(0, error);
        await Remnants.GoneAsync(pid);
        return (pid, ProcessTable.StartOf(pid));
    }
}
