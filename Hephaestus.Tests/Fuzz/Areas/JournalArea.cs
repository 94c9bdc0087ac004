using System.Diagnostics;
using Hephaestus.Protocol;
using Hephaestus.Tests.Chaos;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Fuzz.Areas;

/// <summary>The journal's file, damaged: a start is refused with a line, or the server runs as far as the damage lets it. It does not crash.</summary>
internal sealed class JournalArea() : Area("journal", 4)
{
    private byte[]? _journal;

    public override byte[] Make(Dice dice) => BitConverter.GetBytes(dice.Between(0, int.MaxValue - 1));

    public override async Task<IReadOnlyList<Failure>> ThrowAsync(IReadOnlyList<Input> inputs, Ground ground, CancellationToken patience)
    {
        _journal ??= await JournalAsync();
        return await EachAsync(inputs, 1, patience, async (input, _) =>
        {
            await using var home = new ServerHome();
            Directory.CreateDirectory(home.State);
            await File.WriteAllBytesAsync(Path.Combine(home.State, "journal.db"), Damaged(_journal, input.Bytes), CancellationToken.None);
            return await StartAsync(home);
        });
    }

    /// <summary>As a rule a piece of it is something else; a change of its length would be found at once.</summary>
    private static byte[] Damaged(byte[] journal, byte[] input)
    {
        var dice = new Dice(BitConverter.ToInt32(input));
        if (dice.Percent(20))
        {
            return Mutation.Of(dice, journal);
        }

        byte[] damaged = [.. journal];
        var noise = Mutation.Noise(dice, 400);
        noise.CopyTo(damaged, dice.Between(0, damaged.Length - noise.Length));
        return damaged;
    }

    private static async Task<string?> StartAsync(ServerHome home)
    {
        if (await home.TryStartAsync() is not { } server)
        {
            var (code, said) = (await home.Last.ExitedAsync(), home.Last.Said);
            return code != ExitCodes.Usage ? $"a start ends with {code}: {said}"
                : said.Contains("   at ", StringComparison.Ordinal) || said.Contains("Unhandled", StringComparison.Ordinal) ? $"a start says: {said}"
                : null;
        }

        await CliProcess.RunAsync(server, "plans");
        await CliProcess.RunAsync(server, "status", "--id", "1");
        return server.HasExited ? $"the server has ended: {server.Said}" : null;
    }

    private static async Task<byte[]> JournalAsync()
    {
        await using var home = new ServerHome();
        Target.WritePlans(home);
        var server = await home.StartAsync();
        using (var client = new ServerClient(server))
        {
            for (var execution = 0; execution < 5; execution++)
            {
                await client.RunAsync("known", "known");
            }
        }

        await server.StopAsync();
        return await File.ReadAllBytesAsync(Path.Combine(home.State, "journal.db"));
    }
}
