using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Supervision;

/// <summary>
/// Kills server or supervisor at a crash point when a supervisor of another build has nothing to do any more: no step is
/// lost, and none runs twice.
/// </summary>
public sealed class CrashAtSuccessionTests
{
    public static TheoryData<string> Points => ["letting-go", "let-go", "supervisor-ending", "supervisor-listening"];

    [Theory]
    [MemberData(nameof(Points))]
    public async Task A_crash_when_a_supervisor_is_replaced_changes_nothing(string point)
    {
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        var ran = Path.Combine(home.Directory, "ran");
        home.Step("p", $"echo one >>{ran}; {gate.Wait}; echo out; exit 3");
        home.Step("q", $"echo two >>{ran}; echo $PPID");
        uint id;
        (string, string)[] older = [("HEPHAESTUS_BUILD", "older"), .. point == "supervisor-ending" ? Survivor.DyingAt(home, point) : []];
        await using (var before = await home.StartAsync(older))
        {
            using var client = new ServerClient(before);
            id = await client.ExecuteAsync("set", "p");
            await gate.ArrivedAsync();
            await client.WhenAsync(id, execution => execution.Steps[0].Pid != 0);
            await before.StopAsync();
        }

        await using var survivor = await Survivor.StartAsync(home, point);
        gate.Open();
        var ended = await survivor.DoAsync(client => client.EndedAsync(id));
        await survivor.CrashedAsync();
        var next = await survivor.DoAsync(client => client.RunAsync("set", "q"));

        Assert.Equal((State.Nok, 3, "out\n"), (ended.State, ended.Steps[0].Outcome.ExitCode, home.Output(id)));
        Assert.Equal((State.Ok, $"{Remnants.SupervisorOf(home)}\n"), (next.State, home.Output(next.Id)));
        Assert.Equal(["one", "two"], File.ReadAllLines(ran));
        await home.SettledAsync();
        Assert.Equal(0, await survivor.Server.StopAsync());
        await Remnants.GoneAsync(home);
    }
}
