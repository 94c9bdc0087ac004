using System.Diagnostics;
using System.Globalization;
using Hephaestus.Tests.Chaos;
using Hephaestus.Tests.Fuzz.Areas;

namespace Hephaestus.Tests.Fuzz;

/// <summary>How much is thrown.</summary>
/// <param name="First">The input of each area to begin with, from 1.</param>
/// <param name="Count">Inputs of each area at most.</param>
/// <param name="Time">For all areas together; each gets an equal part of it.</param>
internal sealed record FuzzExtent(int Seed, int First, int Count, TimeSpan Time);

/// <summary>Areas, one after another, each in batches after which everything has to be well.</summary>
internal sealed class FuzzCampaign(FuzzExtent extent, TextWriter output)
{
    /// <summary>Batches until a server has what it keeps: what it holds then, it may hold in the end.</summary>
    private const int WarmBatches = 4;

    /// <summary>What was just closed is gone after this time.</summary>
    private static readonly TimeSpan s_settling = TimeSpan.FromSeconds(30);

    private readonly List<Failure> _failures = [];

    /// <summary>By name, in the order in which they are thrown.</summary>
    public static IReadOnlyList<Area> Areas =>
        [new Http2Area(), new GrpcArea(), new MessageArea(), new PlanArea(), new ConfigurationArea(), new StateArea(), new JournalArea(), new SupervisorArea()];

    public IReadOnlyList<Failure> Failures => _failures;

    /// <summary>True: nothing was wrong.</summary>
    public async Task<bool> RunAsync(IReadOnlyList<Area> areas, Ground ground, CancellationToken interrupted)
    {
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"seed {extent.Seed}"));
        var figures = new List<string>();
        foreach (var area in areas)
        {
            var watch = Stopwatch.StartNew();
            var count = await RunAsync(area, ground, extent.Time / areas.Count, interrupted);
            figures.Add(string.Create(CultureInfo.InvariantCulture, $"{area.Name} {count}"));
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{area.Name}: {count} inputs, {watch.Elapsed.TotalSeconds:0} s; the servers hold {Of(ground.Plain)} and {Of(ground.Secure)}"));
            await output.FlushAsync(CancellationToken.None);
        }

        await output.WriteLineAsync($"inputs: {string.Join(", ", figures)}; failures: {_failures.Count}");
        return _failures.Count == 0;
    }

    private async Task<int> RunAsync(Area area, Ground ground, TimeSpan time, CancellationToken interrupted)
    {
        var (watch, thrown, batches, failures) = (Stopwatch.StartNew(), 0, 0, _failures.Count);
        (Holding Plain, Holding Secure)? first = null;
        while (thrown < extent.Count && (watch.Elapsed < time || thrown == 0) && !interrupted.IsCancellationRequested && failures == _failures.Count)
        {
            var inputs = Batch(area, thrown);
            await TryAsync(area, inputs, ground, interrupted);
            thrown += inputs.Length;
            if (++batches == WarmBatches)
            {
                first = (Of(ground.Plain), Of(ground.Secure));
            }

            if (first is var (plain, secure) && (await BeyondAsync(ground.Plain, plain) ?? await BeyondAsync(ground.Secure, secure)) is { } grown)
            {
                await FailAsync(area, new Failure(grown, inputs));
            }
        }

        return thrown;
    }

    private Input[] Batch(Area area, int thrown) =>
    [
        .. Enumerable.Range(extent.First + thrown, Math.Min(area.Batch, extent.Count - thrown))
            .Select(number => new Input(number, area.Make(Dice.Of(extent.Seed, area.Name.Sum(letter => letter), number)))),
    ];

    private async Task TryAsync(Area area, Input[] inputs, Ground ground, CancellationToken interrupted)
    {
        try
        {
            foreach (var failure in await area.ThrowAsync(inputs, ground, interrupted))
            {
                await FailAsync(area, failure);
            }

            if (await ground.WrongAsync(interrupted) is { } wrong)
            {
                await FailAsync(area, new Failure(wrong, inputs));
            }
        }
        catch (Exception) when (interrupted.IsCancellationRequested)
        {
            // Whoever asked for it does not want to hear more.
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            await FailAsync(area, new Failure(fault.ToString(), inputs));
        }
    }

    private async Task FailAsync(Area area, Failure failure)
    {
        _failures.Add(failure);
        var kept = Directory.CreateTempSubdirectory($"hephaestus-fuzz-{extent.Seed}-{area.Name}-").FullName;
        foreach (var input in failure.Inputs)
        {
            await File.WriteAllBytesAsync(Path.Combine(kept, $"{input.Number}"), input.Bytes);
        }

        var (from, count) = (failure.Inputs.Min(input => input.Number), failure.Inputs.Count);
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"FAILURE in {area.Name}, input {from}{(count > 1 ? $" or one of the {count - 1} after it" : "")}, kept in {kept}: {failure.What}\n"
                + $"  again: scripts/fuzz --seed {extent.Seed} --from {from} --count {count} {area.Name}"));
    }

    private static async Task<string?> BeyondAsync(Target target, Holding first)
    {
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(TimeSpan.FromMilliseconds(200)))
        {
            if (target.Server.HasExited)
            {
                return null;
            }

            if (Of(target).Beyond(first) is var beyond && (beyond is null || watch.Elapsed > s_settling))
            {
                return beyond;
            }
        }
    }

    private static Holding Of(Target target) => target.Server.HasExited ? new Holding(0, 0, 0) : Holding.Of(target.Server.Pid);
}
