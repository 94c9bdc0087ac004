using System.Diagnostics;
using System.Text;
using Hephaestus.Protocol;
using Hephaestus.Tests.Chaos;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Fuzz.Areas;

/// <summary>Configuration files: `--check` says what is wrong, and a start is refused with it or comes to listen.</summary>
internal sealed class ConfigurationArea() : Area("configuration", 24)
{
    private const int AtOnce = 2;

    /// <summary>Of so many one is started with, too.</summary>
    private const int Starts = 4;

    private static readonly byte[] s_text = Encoding.UTF8.GetBytes("""
        # a remark
        [section]
        exec.max_concurrent = 10
        exec.grace = 5s
        exec.cgroup = none
        log.late_output = 1m
        history.sync = full
        history.keep_days = 30
        history.keep_count = 100
        history.keep_bytes = 10GiB
        hermes.enable = no
        hermes.address = http://127.0.0.1:1
        host.grpc.tls = no
        name = "a value in quotes"

        """);

    public override byte[] Make(Dice dice) => dice.Percent(5) ? Mutation.Noise(dice, 3000) : Mutation.Of(dice, s_text);

    public override async Task<IReadOnlyList<Failure>> ThrowAsync(IReadOnlyList<Input> inputs, Ground ground, CancellationToken patience) =>
        await EachAsync(inputs, AtOnce, patience, async (input, late) =>
        {
            await using var home = new ServerHome();
            var lines = await File.ReadAllBytesAsync(home.Configuration, late);

            // What counts comes last, so that whatever the input says nothing else of the machine is touched.
            await File.WriteAllBytesAsync(home.Configuration, [.. input.Bytes, (byte)'\n', .. lines], late);
            return await CheckAsync(home, late) ?? (input.Number % Starts == 0 ? await StartAsync(home) : null);
        });

    private static async Task<string?> CheckAsync(ServerHome home, CancellationToken late)
    {
        var start = new ProcessStartInfo(Programs.Server, ["--check", home.Configuration]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var (said, errors) = (process.StandardOutput.ReadToEndAsync(late), process.StandardError.ReadToEndAsync(late));
        try
        {
            await process.WaitForExitAsync(late);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }

        return Wrong(process.ExitCode, await said + await errors);
    }

    private static async Task<string?> StartAsync(ServerHome home)
    {
        var server = await home.TryStartAsync();
        var launched = server ?? home.Last;
        var wrong = launched.Said.Split('\n').FirstOrDefault(Target.IsFault);
        return wrong is not null ? $"the start says: {wrong}"
            : server is null ? Wrong(await launched.ExitedAsync(), launched.Said)
            : await server.StopAsync() is not 0 and var code ? $"the server that was started ends with {code}"
            : null;
    }

    private static string? Wrong(int code, string said) =>
        said.Split('\n').FirstOrDefault(Target.IsFault) is { } fault ? $"it says: {fault}"
        : code is not (ExitCodes.Done or ExitCodes.Usage or 1) ? $"it ends with {code}"
        : said.Length == 0 ? "it says nothing"
        : said.Any(letter => char.IsControl(letter) && letter is not ('\n' or '\t')) ? "what it says holds control characters"
        : null;
}
