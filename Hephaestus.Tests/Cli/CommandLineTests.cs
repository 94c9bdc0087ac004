using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Hephaestus.Tests.Configuration;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Cli;

public sealed class CommandLineTests
{
    private const string Nowhere = "http://127.0.0.1:1";

    private static readonly string[] s_commands =
        ["list-plan-sets", "list-plans", "list-plan", "plans", "status", "exec", "dump-history", "dump-all-history", "help", "cancel", "watch", "drain", "hermes", "audit"];

    [Fact]
    public async Task The_help_is_as_approved()
    {
        var text = (await CliProcess.RunAsync("help")).Out;
        foreach (var command in s_commands)
        {
            text += $"\n---- help {command}\n" + (await CliProcess.RunAsync("help", command)).Out;
        }

        Approved(text, Beside("Help.approved.txt"));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("help")]
    public async Task Help_can_be_asked_for_in_many_ways(string argument)
    {
        var result = await CliProcess.RunAsync(argument);

        Assert.Equal((0, ""), (result.ExitCode, result.Err));
        Assert.Equal((await CliProcess.RunAsync("help")).Out, result.Out);
    }

    [Fact]
    public async Task Help_of_a_command_needs_nothing_that_the_command_needs() => Assert.Equal(
        await CliProcess.RunAsync("help", "exec"),
        await CliProcess.RunAsync("exec", "--help"));

    [Theory]
    [InlineData("--version")]
    [InlineData("-V")]
    public async Task The_version_is_told(string argument)
    {
        var result = await CliProcess.RunAsync(argument);

        Assert.Equal(0, result.ExitCode);
        Assert.Matches(@"^hephaestus-cli \d+\.\d+\.\d+\n$", result.Out);
    }

    [Theory]
    [InlineData("Required command was not provided")]
    [InlineData("'lisp-plans' is unknown here; did you mean list-plans?", "lisp-plans")]
    [InlineData("'--hots' is unknown here", "--hots", "plans")]
    [InlineData("there is no command 'x'; there are list-plan-sets, ", "help", "x")]
    [InlineData("--hostname is missing: where is the server?", "plans")]
    [InlineData("Required argument missing for option: '-H'", "plans", "-H")]
    [InlineData("the address 'nonsense' cannot be used", "-H", "nonsense", "plans")]
    [InlineData("the address 'unix://a' has no absolute path", "-H", "unix://a", "plans")]
    [InlineData("/nowhere: cannot be read: ", "-H", "cfg://x", "-c", "/nowhere", "plans")]
    [InlineData("Option '--set' is required", "-H", Nowhere, "list-plans")]
    [InlineData("Option '--id' is required", "-H", Nowhere, "status")]
    [InlineData("'0' is not an id: it must be a whole number from 1 to 4294967295", "-H", Nowhere, "status", "--id", "0")]
    [InlineData("'4294967296' is not an id", "-H", Nowhere, "cancel", "--id", "4294967296")]
    [InlineData("'-1' is not an id", "-H", Nowhere, "dump-history", "--id", "-1")]
    [InlineData("'x' is not N: it must be a whole number from 0", "-H", Nowhere, "status", "--id", "1", "--tail", "x")]
    [InlineData("'0' is not LINE: it must be a whole number from 1", "-H", Nowhere, "status", "--id", "1", "--from", "0")]
    [InlineData("--tail and --from cannot both say where to begin", "-H", Nowhere, "status", "--id", "1", "--from", "1", "--tail", "1")]
    [InlineData("--dry-run runs nothing: leave --follow and --wait out", "-H", Nowhere, "exec", "--set", "a", "--name", "b", "--dry-run", "--wait")]
    [InlineData("--no-wait, --status and --undo exclude each other", "-H", Nowhere, "drain", "--status", "--undo")]
    [InlineData("'1d' is no duration: it must be a whole number with s, m or h (as 90s)", "-H", Nowhere, "watch", "--retry-for", "1d")]
    [InlineData("Option '--id' expects a single argument but 2 were provided", "-H", Nowhere, "status", "--id", "1", "--id", "2")]
    public async Task An_unusable_command_line_says_what_is_wrong(string message, params string[] arguments)
    {
        var result = await CliProcess.RunAsync(arguments);

        Assert.Equal((2, ""), (result.ExitCode, result.Out));
        Assert.StartsWith($"hephaestus-cli: {message}", result.Err, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_begins_with_an_at_sign_is_a_name()
    {
        var result = await CliProcess.RunAsync("-H", Nowhere, "list-plans", "--set", "@nightly");

        Assert.Equal(4, result.ExitCode);
    }

    [Theory]
    [InlineData("list-plan-sets")]
    [InlineData("plans")]
    [InlineData("status", "--id", "1", "--follow")]
    [InlineData("exec", "--set", "a", "--name", "b", "--follow", "--retry-for", "1h")]
    [InlineData("watch", "--retry-for", "1h")]
    public async Task A_server_that_is_not_there_is_one_line_and_not_waited_for(params string[] command)
    {
        var before = await CliProcess.RunAsync(["--hostname", Nowhere, .. command]);
        var after = await CliProcess.RunAsync([.. command, "-H", Nowhere]);

        Assert.Equal(new CliResult(4, "", $"hephaestus-cli: cannot reach {Nowhere}: Connection refused\n"), before);
        Assert.Equal(before, after);
    }

    [Fact]
    public async Task A_server_that_takes_a_connection_and_says_nothing_is_not_waited_for()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();

        var result = await CliProcess.RunAsync("-H", $"https://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}", "plans");

        Assert.Equal(4, result.ExitCode);
        Assert.Contains(": cannot reach https://127.0.0.1:", result.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_the_answer_to_exec_is_lost_it_is_said_that_nobody_knows()
    {
        using var breaking = new TcpListener(IPAddress.Loopback, 0);
        breaking.Start();
        var address = $"http://{breaking.LocalEndpoint}";
        var running = CliProcess.RunAsync("-H", address, "exec", "--set", "a", "--name", "b", "--retry-for", "1s");
        using (var connection = await breaking.AcceptTcpClientAsync().DefaultTimeout())
        {
            await connection.GetStream().ReadExactlyAsync(new byte[24]).AsTask().DefaultTimeout();
            breaking.Stop();
        }

        var result = await running;

        Assert.Equal((4, ""), (result.ExitCode, result.Out));
        Assert.EndsWith(
            "hephaestus-cli: the answer is lost: it is unknown whether a/b runs; plans --long shows it\n"
            + $"hephaestus-cli: cannot reach {address}: Connection refused\n",
            result.Err,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_that_is_not_there_is_said()
    {
        using var folder = new TemporaryFolder();
        var result = await CliProcess.RunAsync("-H", $"unix://{folder.At("server.sock")}", "plans");

        Assert.Equal(new CliResult(4, "", $"hephaestus-cli: cannot reach unix://{folder.At("server.sock")}: there is no such socket\n"), result);
    }

    [Fact]
    public async Task An_output_that_takes_nothing_is_said_in_one_line()
    {
        var result = await Shell.RunAsync("$CLI --help > /dev/full");

        Assert.Equal(new CliResult(1, "", "hephaestus-cli: standard output cannot be written: No space left on device\n"), result);
    }

    [Fact]
    public async Task An_output_that_nobody_reads_ends_the_program_without_a_word()
    {
        var result = await Shell.RunAsync("exec 3> >(exec true); wait $!; $CLI --help >&3");

        Assert.Equal(new CliResult(141, "", ""), result);
    }

    private static void Approved(string text, string file)
    {
        if (!File.Exists(file) || File.ReadAllText(file) != text)
        {
            File.WriteAllText(file.Replace(".approved.", ".received.", StringComparison.Ordinal), text);
        }

        Assert.True(File.Exists(file), $"{file} is missing");
        Assert.Equal(File.ReadAllText(file), text);
    }

    private static string Beside(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, name);
}
