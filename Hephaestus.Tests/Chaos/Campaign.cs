using System.Diagnostics;
using System.Globalization;
using Hephaestus.Tests.Chaos.Acts;

namespace Hephaestus.Tests.Chaos;

/// <summary>Rounds, one after another.</summary>
internal sealed class Campaign(int seed, int rounds, Extent extent, TextWriter output)
{
    public Figures Figures { get; } = new();

    /// <summary>True: nothing was wrong.</summary>
    /// <param name="first">The round to begin with, from 1.</param>
    public async Task<bool> RunAsync(int first, CancellationToken interrupted)
    {
        var mayMount = await RoundDisk.MayMountAsync();
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"seed {seed}{(mayMount ? "" : "; left out: full disks (nothing can be mounted here)")}"));
        for (var round = first; round < first + rounds && !interrupted.IsCancellationRequested; round++)
        {
            await RunAsync(ScenarioMaker.Make(seed, round, extent, mayMount), interrupted);
        }

        await output.WriteLineAsync(Figures.ToString());
        return Figures.Failures == 0;
    }

    private async Task RunAsync(Scenario scenario, CancellationToken interrupted)
    {
        var watch = Stopwatch.StartNew();
        var (failures, kept) = await new Round(scenario, Figures).RunAsync(interrupted);
        if (interrupted.IsCancellationRequested)
        {
            await output.WriteLineAsync($"round {scenario.Round} was interrupted");
            return;
        }

        Figures.Rounds++;
        Figures.Failures += failures.Count;
        Figures.FailedRounds += failures.Count > 0 ? 1 : 0;
        var found = kept is null ? "right" : $"{failures.Count} FAILURES, kept in {kept}";
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"round {scenario.Round}: {scenario.Wishes} executions asked for, {scenario.Trouble.Length} troubles, "
                + $"{watch.Elapsed.TotalSeconds:0.0} s: {found}"));
        foreach (var failure in failures)
        {
            await output.WriteLineAsync($"  {failure}");
        }

        await output.FlushAsync(CancellationToken.None);
    }
}
