using System.Diagnostics;
using Hephaestus.Protocol;

namespace Hephaestus.Tests.Chaos.Acts;

/// <summary>The lane of acts that do something to server, supervisor, disk and connections, one after another.</summary>
internal sealed class Trouble(Scenario scenario, Stage stage, Asking asking, RoundDisk? disk, Action dropClients)
{
    public async Task RunAsync(Figures figures, CancellationToken cancellation)
    {
        foreach (var act in scenario.Trouble)
        {
            await Task.Delay(act.After, cancellation);
            await DoAsync(act);
            figures.Did(act);
        }
    }

    private async Task DoAsync(Act act)
    {
        switch (act)
        {
            case Act.Kill kill:
                await stage.KillAsync(kill.Victim, kill.Away);
                break;
            case Act.KillStarting kill:
                await stage.KillStartingAsync(kill.Life);
                break;
            case Act.Terminate terminate:
                await stage.TerminateAsync(terminate.Victim, terminate.Away);
                break;
            case Act.Suspend suspend:
                await stage.SuspendAsync(suspend.Victim, suspend.For);
                break;
            case Act.KillBesideSuspended kill:
                await stage.KillBesideSuspendedAsync(kill.For);
                break;
            case Act.Drain drain:
                await DrainAsync(drain.For);
                break;
            case Act.FillDisk fill:
                await disk!.FillAsync(fill.For);
                break;
            case Act.DropClients:
                dropClients();
                break;
            default:
                throw new UnreachableException($"{act.GetType().Name} is no trouble");
        }
    }

    private async Task DrainAsync(TimeSpan time)
    {
        Assert.True((await AskAsync(new DrainRequest { NoWait = true })).Draining);
        using (stage.Chronicle.Drains())
        {
            await Task.Delay(time);
        }

        Assert.False((await AskAsync(new DrainRequest { NoWait = true, Undo = true })).Draining);
    }

    private async Task<DrainProgress> AskAsync(DrainRequest request) =>
        await asking.FirstAsync((calls, options) => calls.Drain(request, options), update => update.Progress);
}
