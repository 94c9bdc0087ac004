using System.Globalization;
using System.Text;
using Grpc.Core;
using Hephaestus.Protocol;
using Hephaestus.Tests.Chaos;

namespace Hephaestus.Tests.Fuzz.Areas;

/// <summary>
/// Plan files under any names: they are listed, shown and checked, or refused with what is wrong. They are not run: what a
/// plan says is done.
/// </summary>
internal sealed partial class PlanArea() : Area("plans", 120)
{
    private const string Marker = "the-last-one";

    private static readonly byte[] s_plan = Encoding.UTF8.GetBytes("""
        <plan id="p" desc="A plan" concurrency="3" timeout="10m" overlap="queue" params="WHO LEVEL"></plan>
        # a remark
        <step name="one" desc="First" setenv="A b c" setenv="B" timeout="5s" retries="2" retry-delay="1s" grace="3s">
        echo "$WHO"
        </step>
        <step name="two" parent="one" user="nobody" cwd="/tmp">echo two</step>
        <recovery name="three" parent="two" desc="ü">echo three >&2</recovery>

        """);

    private int _batches;

    /// <summary>The name's length, the name, the text.</summary>
    public override byte[] Make(Dice dice)
    {
        var name = dice.Percent(70) ? Encoding.UTF8.GetBytes($"p{dice.Between(0, 1000)}") : Mutation.Text(dice);
        name = [.. name.Where(code => code is not (0 or (byte)'/')).Take(200)];
        return [(byte)name.Length, .. name, .. dice.Percent(3) ? Mutation.Noise(dice, 3000) : Mutation.Of(dice, s_plan)];
    }

    public override async Task<IReadOnlyList<Failure>> ThrowAsync(IReadOnlyList<Input> inputs, Ground ground, CancellationToken patience)
    {
        var (set, home) = ($"fuzz-{_batches++}", ground.Plain.Home);
        var directory = Directory.CreateDirectory(Path.Combine(home.Directory, set)).FullName;
        foreach (var input in inputs)
        {
            var length = input.Bytes[0];
            await WriteAsync(directory, input.Bytes.AsSpan(1, length).ToArray(), input.Bytes.AsMemory(1 + length));
        }

        File.WriteAllText(Path.Combine(directory, Marker + ".conf"), "<plan id=\"m\"></plan>\n<step name=\"a\">:</step>\n");
        Directory.Move(directory, Path.Combine(home.Plans, set));
        try
        {
            return await AskAsync(set, inputs, ground.Plain.Calls, patience);
        }
        finally
        {
            // .NET does not remove what is not UTF-8.
            using var removing = System.Diagnostics.Process.Start("rm", ["-rf", Path.Combine(home.Plans, set)]);
            await removing.WaitForExitAsync(CancellationToken.None);
        }
    }

    [System.Runtime.InteropServices.LibraryImport("libc", EntryPoint = "rename")]
    private static partial int Rename(byte[] from, byte[] to);

    /// <summary>Names need not be UTF-8, which .NET's own are.</summary>
    private static async Task WriteAsync(string directory, byte[] name, ReadOnlyMemory<byte> text)
    {
        var written = Path.Combine(directory, "written");
        await File.WriteAllBytesAsync(written, text);
        Assert.Equal(0, Rename([.. Encoding.UTF8.GetBytes(written), 0], [.. Encoding.UTF8.GetBytes(directory + "/"), .. name, .. ".conf\0"u8]));
    }

    private static async Task<IReadOnlyList<Failure>> AskAsync(
        string set, IReadOnlyList<Input> inputs, Protocol.Hephaestus.HephaestusClient calls, CancellationToken patience)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(patience);
        late.CancelAfter(Patience);
        var options = new CallOptions(cancellationToken: late.Token);
        string[] names = [];
        try
        {
            while (!names.Contains(Marker))
            {
                names = [.. await NamesAsync(set, calls, options)];
                await Task.Delay(TimeSpan.FromMilliseconds(20), late.Token);
            }
        }
        catch (OperationCanceledException)
        {
            return [new Failure("the catalogue does not take up what was written", inputs)];
        }

        var wrong = new List<Failure>();
        foreach (var name in names)
        {
            foreach (var status in new[]
            {
                await StatusAsync(async () => await calls.ListPlanAsync(new PlanArg { Set = set, Plan = name }, options)),
                await StatusAsync(async () => await calls.CheckPlanAsync(new CheckPlanRequest { Set = set, Plan = name }, options)),
            })
            {
                if (CallArea.Wrong("200", ((int)status.StatusCode).ToString(CultureInfo.InvariantCulture), Uri.EscapeDataString(status.Detail)) is { } what)
                {
                    wrong.Add(new Failure($"plan {Uri.EscapeDataString(name)}: {what}", inputs));
                }
            }
        }

        return wrong;
    }

    private static async Task<IEnumerable<string>> NamesAsync(string set, Protocol.Hephaestus.HephaestusClient calls, CallOptions options)
    {
        try
        {
            return (await calls.ListPlansAsync(new PlanSetArg { Name = set }, options)).List_;
        }
        catch (RpcException unknown) when (unknown.StatusCode == StatusCode.NotFound)
        {
            return [];
        }
    }

    private static async Task<Status> StatusAsync(Func<Task> call)
    {
        try
        {
            await call();
            return Status.DefaultSuccess;
        }
        catch (RpcException refused)
        {
            return refused.Status;
        }
    }
}
