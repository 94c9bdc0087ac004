using System.Globalization;
using System.Runtime.InteropServices;
using Hephaestus.Protocol;
using Hephaestus.Tests.Chaos.Acts;

namespace Hephaestus.Tests.Chaos;

/// <summary>The test assembly run as a program: the long form, as scripts/chaos runs it; scripts/fuzz runs it too.</summary>
internal static class Program
{
    private const int DefaultRounds = 200;

    private const string Usage = "usage: scripts/chaos [--rounds N] [--seed N] [--from N]";

    public static async Task<int> Main(string[] arguments)
    {
        using var interrupted = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Interrupt(context, interrupted));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Interrupt(context, interrupted));
        if (arguments is ["fuzz", .. var fuzz])
        {
            return await Fuzz.FuzzProgram.RunAsync(fuzz, interrupted.Token);
        }

        if (Numbers(arguments) is not { } numbers)
        {
            await Console.Error.WriteLineAsync(Usage);
            return ExitCodes.Usage;
        }

        var seed = numbers.GetValueOrDefault("--seed", Random.Shared.Next(1_000_000));
        var campaign = new Campaign(seed, numbers.GetValueOrDefault("--rounds", DefaultRounds), Extent.Long, Console.Out);
        return await campaign.RunAsync(numbers.GetValueOrDefault("--from", 1), interrupted.Token) ? 0 : 1;
    }

    /// <summary>The round that runs is given up, and what it started is ended. Asked again, this program ends at once.</summary>
    private static void Interrupt(PosixSignalContext context, CancellationTokenSource interrupted)
    {
        context.Cancel = !interrupted.IsCancellationRequested;
        interrupted.Cancel();
    }

    /// <summary>Options and their numbers; null: it is something else.</summary>
    private static Dictionary<string, int>? Numbers(string[] arguments)
    {
        var numbers = new Dictionary<string, int>();
        foreach (var pair in arguments.Chunk(2))
        {
            if (pair is not ["--rounds" or "--seed" or "--from", var text]
                || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return null;
            }

            numbers[pair[0]] = number;
        }

        return numbers;
    }
}
