using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Cli;

/// <summary>A server with plans, for tests that only ask and run.</summary>
public sealed class CliServer : IAsyncLifetime
{
    private ServerProcess? _server;

    internal ServerHome Home { get; } = new();

    internal ServerProcess Server => _server ?? throw new InvalidOperationException("the server has not started");

    /// <summary>Where gated waits in its first step.</summary>
    internal Gate First { get; private set; } = null!;

    /// <summary>Where gated waits in its second step.</summary>
    internal Gate Second { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        (First, Second) = (new Gate(Home.Directory, "first"), new Gate(Home.Directory, "second"));
        Home.Plan("daily", "ok", "<plan id=\"ok_id\"></plan>\n<step name=\"say\" desc=\"Say it\">\necho out\necho err >&2\n</step>\n");
        Home.Plan("daily", "fails", "<plan id=\"f\"></plan>\n<step name=\"fail\">\nexit 3\n</step>\n<step name=\"after\" parent=\"fail\">\ntrue\n</step>\n");
        Home.Plan("daily", "full", Full);
        Home.Plan("daily", "broken", "<plan id=\"b\"></plan>\n<step name=\"a\" parent=\"x\">\ntrue\n</step>\n<step name=\"a\">\ntrue\n</step>\n");
        Home.Plan("empty#2", "gated", Gated);
        Home.Plan("empty#2", "bytes", Bytes);
        _server = await Home.StartAsync();
    }

    public async Task DisposeAsync() => await Home.DisposeAsync();

    internal Task<CliResult> RunAsync(params string[] arguments) => CliProcess.RunAsync(Server, arguments);

    internal RunningCli Start(params string[] arguments) => RunningCli.Start(["-H", Server.Address, .. arguments]);

    /// <summary>Starts a plan and does not wait for it; gives its id.</summary>
    internal async Task<string> ExecAsync(string set, string name) =>
        $"{CliProcess.IdIn(await RunAsync("exec", "--set", set, "--name", name))}";

    private const string Full =
        """
        <plan id="full_id"></plan>
        <step name="copy" desc="Copy & paste" cwd="/tmp" setenv="TARGET /mnt/a b" setenv="LEVEL 3" unknown="x">
        tar -c . |
          wc -c
        </step>
        <recovery name="undo" parent="copy">
        true
        </recovery>

        """;

    /// <summary>Lines of one stream: between those of two no order is sure.</summary>
    private string Gated =>
        $"""
        <plan id="g"></plan>
        <step name="first" desc="Prompt">
        echo one >&2
        echo two >&2
        printf 'Password: '
        {First.Wait}
        echo ok
        </step>
        <step name="second">
        seq 3 5
        {Second.Wait}
        printf end
        </step>

        """;

    private const string Bytes =
        """
        <plan id="b"></plan>
        <step name="nasty">
        printf 'clear\033[2J \033[31mred\033[0m \007 \377 \302\233\n'
        printf '10 %%\r20 %%\n'
        printf 'crlf\r\n'
        head -c 200000 /dev/zero | tr '\0' x
        sleep 0.3
        head -c 200000 /dev/zero | tr '\0' y
        </step>

        """;
}
