using System.Diagnostics;
using Hephaestus.Tests.EndToEnd;
using Hephaestus.Tests.Grpc;

namespace Hephaestus.Tests.Docs;

/// <summary>The example in Python, as docs/grpc.md praises it.</summary>
public sealed class ExampleTests
{
    [PythonFact]
    public async Task The_example_gives_each_line_and_each_event_once_though_the_server_is_killed()
    {
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        home.Plan("set", "plan", $"""
            <plan id="p"></plan>
            <step name="a">
            for i in 1 2 3; do echo "line $i"; done; printf 'unfinished '
            {gate.Wait}
            seq 4 2000; printf 'no newline'
            </step>
            <step name="b" parent="a">echo the end >&2</step>
            """);
        await using var first = await home.StartAsync();
        using var example = await StartAsync(home);
        var told = example.StandardError.ReadToEndAsync();
        var printed = new List<string>();
        await gate.ArrivedAsync();
        while (printed.Count < 5)
        {
            var line = await example.StandardOutput.ReadLineAsync().DefaultTimeout();
            printed.Add(line ?? throw new InvalidDataException(await told));
        }

        await first.KillAsync();
        gate.Open();
        await using var second = await home.StartAsync();
        var rest = await example.StandardOutput.ReadToEndAsync().DefaultTimeout();
        printed.AddRange(rest.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        await example.WaitForExitAsync().DefaultTimeout();

        Assert.True(example.ExitCode == 0, await told);
        Assert.Equal(Enumerable.Range(1, printed.Count), printed.Select(line => int.Parse(line.Split(' ')[0])));
        Assert.Equal(
            ["line 1", "line 2", "line 3", "unfinished 4", .. Enumerable.Range(5, 1996).Select(n => $"{n}"), "no newline"],
            Of("LOG_STREAM_OUT", printed));
        Assert.Equal(["the end"], Of("LOG_STREAM_ERR", printed));
        var sequences = Events(await told).ToArray();
        Assert.NotEmpty(sequences);
        Assert.Equal(sequences.Order().Distinct(), sequences);
    }

    private static async Task<Process> StartAsync(ServerHome home)
    {
        var descriptor = Path.Combine(home.Directory, "hephaestus.descriptor");
        await File.WriteAllBytesAsync(descriptor, Protocol.HephaestusReflection.Descriptor.SerializedData.ToByteArray());
        var script = Path.Combine(Programs.Root, "docs/examples/follow.py");
        var start = new ProcessStartInfo("/usr/bin/python3", [script, $"unix:{home.Socket}", "set", "plan"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PYTHONPATH"] = Path.GetDirectoryName(Python.Script("hephaestus_pb2.py"));
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        start.Environment["HEPHAESTUS_DESCRIPTOR"] = descriptor;
        return Process.Start(start)!;
    }

    /// <summary>The text of a stream's lines, which are "number stream text".</summary>
    private static IEnumerable<string> Of(string stream, IEnumerable<string> printed) =>
        from line in printed
        let parts = line.Split(' ', 3)
        where parts[1] == stream
        select parts[2];

    private static IEnumerable<long> Events(string told) =>
        from line in told.Split('\n')
        where line.StartsWith("event ", StringComparison.Ordinal)
        select long.Parse(line.Split(' ')[1]);
}
