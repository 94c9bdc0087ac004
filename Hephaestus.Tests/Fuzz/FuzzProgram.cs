using System.Globalization;
using Hephaestus.Protocol;

namespace Hephaestus.Tests.Fuzz;

/// <summary>The test assembly run as scripts/fuzz runs it.</summary>
internal static class FuzzProgram
{
    private const int DefaultSeconds = 60;

    /// <returns>0: nothing was wrong, 1: something was, 2: the arguments make no sense.</returns>
    public static async Task<int> RunAsync(string[] arguments, CancellationToken interrupted)
    {
        var numbers = new Dictionary<string, int>();
        var names = new List<string>();
        for (var rest = arguments; rest.Length > 0;)
        {
            if (rest is ["--seed" or "--from" or "--count" or "--seconds", var text, ..]
                && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                (numbers[rest[0]], rest) = (number, rest[2..]);
            }
            else if (FuzzCampaign.Areas.Any(area => area.Name == rest[0]))
            {
                names.Add(rest[0]);
                rest = rest[1..];
            }
            else
            {
                await Console.Error.WriteLineAsync(
                    "usage: scripts/fuzz [--seed N] [--from N] [--count N] [--seconds N] [AREA ...], areas: "
                    + string.Join(", ", FuzzCampaign.Areas.Select(area => area.Name)));
                return ExitCodes.Usage;
            }
        }

        return await RunAsync(numbers, names, interrupted) ? 0 : 1;
    }

    private static async Task<bool> RunAsync(Dictionary<string, int> numbers, List<string> names, CancellationToken interrupted)
    {
        var extent = new FuzzExtent(
            numbers.GetValueOrDefault("--seed", Random.Shared.Next(1_000_000)),
            Math.Max(1, numbers.GetValueOrDefault("--from", 1)),
            numbers.GetValueOrDefault("--count", int.MaxValue / 2),
            TimeSpan.FromSeconds(numbers.GetValueOrDefault("--seconds", numbers.ContainsKey("--count") ? 24 * 60 * 60 : DefaultSeconds)));
        var areas = FuzzCampaign.Areas.Where(area => names.Count == 0 || names.Contains(area.Name)).ToArray();
        await using var ground = await Ground.OpenAsync();
        return await new FuzzCampaign(extent, Console.Out).RunAsync(areas, ground, interrupted);
    }
}
