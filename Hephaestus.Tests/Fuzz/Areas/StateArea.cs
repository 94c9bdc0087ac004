using System.Diagnostics;
using System.Globalization;
using Grpc.Core;
using Hephaestus.Protocol;
using Hephaestus.Tests.Chaos;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Fuzz.Areas;

/// <summary>
/// Files of the state directory, changed while no server runs: indexes, outputs and remarks of executions that have ended and
/// of those that have not, and status files. `--check` looks at them, a server takes them up, and every log is read.
/// </summary>
internal sealed class StateArea() : Area("state", Executions)
{
    private const int Executions = 24;

    private static readonly string[] s_files = ["index", "index", "001-1.out", "remarks", "generations", "status", "status"];

    private ServerHome? _template;

    /// <summary>Which file, and the dice with which it is changed: what is in it is only known then.</summary>
    public override byte[] Make(Dice dice) =>
        [(byte)dice.Between(0, s_files.Length - 1), .. BitConverter.GetBytes(dice.Between(0, int.MaxValue - 1))];

    public override async Task<IReadOnlyList<Failure>> ThrowAsync(IReadOnlyList<Input> inputs, Ground ground, CancellationToken patience)
    {
        _template ??= await TemplateAsync();
        var home = new ServerHome();
        Target.WritePlans(home);
        await RunAsync("cp", "-a", _template.State, home.State);
        foreach (var input in inputs)
        {
            Change(home, (uint)((input.Number - 1) % Executions) + 1, input.Bytes);
        }

        var wrong = await CheckedAsync(home);
        if (await home.TryStartAsync() is not { } server)
        {
            var said = home.Last.Said;
            await home.DisposeAsync();
            return [new Failure($"it does not start: {said}", inputs)];
        }

        await using var target = Target.Of(home, server);
        wrong ??= await ReadAllAsync(target, patience) ?? await target.WrongAsync(patience);
        return wrong is null ? [] : [new Failure(wrong, inputs)];
    }

    /// <summary>The first half of the executions has ended; of the others server, supervisor and steps were killed.</summary>
    private static async Task<ServerHome> TemplateAsync()
    {
        var home = new ServerHome();
        Target.WritePlans(home);
        home.Plan("known", "endless", "<plan id=\"e\"></plan>\n<step name=\"a\">printf 'one\\ntwo\\nth'; sleep 100000</step>\n");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        for (var execution = 1; execution <= Executions; execution++)
        {
            if (execution <= Executions / 2)
            {
                await client.RunAsync("known", "known");
            }
            else
            {
                await client.WhenLogAsync(await client.ExecuteAsync("known", "endless"), log => log.Out(1).EndsWith("th", StringComparison.Ordinal));
            }
        }

        await server.KillAsync();
        await Remnants.EndAsync(home);
        return home;
    }

    private static void Change(ServerHome home, uint execution, byte[] input)
    {
        var name = s_files[input[0]];
        var path = name == "status" ? Status(home, execution) : Path.Combine(home.Log(execution), name);
        if (path is not null && File.Exists(path))
        {
            File.WriteAllBytes(path, Mutation.Of(new Dice(BitConverter.ToInt32(input, 1)), File.ReadAllBytes(path)));
        }
    }

    private static string? Status(ServerHome home, uint execution) => Directory.EnumerateFiles(home.Running, "*.status")
        .FirstOrDefault(file => Path.GetFileName(file).StartsWith(string.Create(CultureInfo.InvariantCulture, $"{execution}-"), StringComparison.Ordinal));

    private static async Task<string?> CheckedAsync(ServerHome home)
    {
        var start = new ProcessStartInfo(Programs.Server, ["--check", home.Configuration]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var (said, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().DefaultTimeout();
        return (await said + await errors).Split('\n').FirstOrDefault(Target.IsFault) is { } fault ? $"--check says: {fault}" : null;
    }

    private static async Task<string?> ReadAllAsync(Target target, CancellationToken patience)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(patience);
        late.CancelAfter(Patience);
        var options = new CallOptions(cancellationToken: late.Token);
        for (var id = 1u; id <= Executions; id++)
        {
            var (asked, at) = (id, "");
            try
            {
                at = "has not come to its end";
                await foreach (var _ in target.Calls.FollowLog(new FollowLogRequest { Id = asked }, options).ResponseStream.ReadAllAsync(late.Token))
                {
                }

                at = "ShowStatus";
                await target.Calls.ShowStatusAsync(new PlanId { Id = asked }, options);
            }
            catch (RpcException refused) when (refused.StatusCode is not (StatusCode.DataLoss or StatusCode.NotFound))
            {
                return $"execution {id}, {at}: {refused.Status}";
            }
            catch (RpcException)
            {
                // It says that the log is damaged.
            }
        }

        return null;
    }

    private static async Task RunAsync(params string[] command)
    {
        using var process = Process.Start(command[0], command[1..]);
        await process.WaitForExitAsync().DefaultTimeout();
    }
}
