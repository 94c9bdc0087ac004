using System.Diagnostics;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Access;

/// <summary><c>hephaestus token</c>, and what a running server makes of it.</summary>
public sealed class TokenCommandTests
{
    [Fact]
    public async Task A_token_is_printed_alone_and_once_and_listed_by_its_name()
    {
        await using var home = new ServerHome();

        var made = await TokenAsync(home, "new", "ci");
        var again = await TokenAsync(home, "new", "ci");
        var replaced = await TokenAsync(home, "replace", "ci");
        var other = await TokenAsync(home, "new", "nightly_build-2");
        var list = await TokenAsync(home, "list");
        var removed = await TokenAsync(home, "remove", "ci");
        var left = await TokenAsync(home, "list");

        Assert.Matches(@"^ci\.[\w-]{43}\n$", made.Out);
        Assert.Equal((0, "hephaestus: this is shown only now; main.conf says what its bearer may do: access.token:ci = ROLE\n"), (made.ExitCode, made.Err));
        Assert.Equal(
            (2, "", "hephaestus: there is a token ci already; hephaestus token replace ci makes another in its place\n"),
            (again.ExitCode, again.Out, again.Err));
        Assert.Matches(@"^ci\.[\w-]{43}\n$", replaced.Out);
        Assert.NotEqual(made.Out, replaced.Out);
        Assert.StartsWith("nightly_build-2.", other.Out, StringComparison.Ordinal);
        Assert.Matches(@"^ci +made [\d-]+ [\d:]+ UTC\nnightly_build-2  made [\d-]+ [\d:]+ UTC\n$", list.Out);
        Assert.Equal((0, "", "hephaestus: the token ci is of no use any more\n"), (removed.ExitCode, removed.Out, removed.Err));
        Assert.Matches(@"^nightly_build-2  made [\d-]+ [\d:]+ UTC\n$", left.Out);
    }

    [Theory]
    [InlineData("new", "a.b")]
    [InlineData("new", "")]
    [InlineData("replace", "a b")]
    [InlineData("remove", "ci.6cQ1DUFvJ0D3yUyqo1Wf3gcHzTl2ykmEEg9kz2MzJvI")]
    public async Task What_is_no_name_is_refused_and_not_repeated(string verb, string name)
    {
        await using var home = new ServerHome();

        var result = await TokenAsync(home, verb, name);

        Assert.Equal(
            (2, "", "hephaestus: this cannot be the name of a token; allowed is 1 to 64 letters, digits, '-' and '_'\n"),
            (result.ExitCode, result.Out, result.Err));
    }

    [Theory]
    [InlineData("replace")]
    [InlineData("remove")]
    public async Task What_is_not_there_is_told(string verb)
    {
        await using var home = new ServerHome();

        var result = await TokenAsync(home, verb, "ci");

        Assert.Equal((2, "hephaestus: there is no token ci; hephaestus token list names all\n"), (result.ExitCode, result.Err));
    }

    [Fact]
    public async Task A_broken_file_is_left_alone()
    {
        await using var home = new ServerHome("access.tokens = tokens");
        var file = Path.Combine(home.Directory, "tokens");
        await File.WriteAllTextAsync(file, "nonsense\n");

        var result = await TokenAsync(home, "new", "ci");

        Assert.Equal(
            (2, "", $"hephaestus: {file}: line 1: there is no token as hephaestus token new writes it: name, time, salt and hash\n"),
            (result.ExitCode, result.Out, result.Err));
        Assert.Equal("nonsense\n", await File.ReadAllTextAsync(file));
    }

    [Fact]
    public async Task An_unknown_verb_is_refused_with_the_usage()
    {
        await using var home = new ServerHome();

        var result = await RunAsync(home, "token", "give", "ci");

        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("hephaestus: unusable command line: token give ci\n", result.Err, StringComparison.Ordinal);
        Assert.Contains("hephaestus token new|replace|remove NAME [CONFIGURATION]", result.Err);
    }

    [Fact]
    public async Task A_running_server_takes_new_replaced_and_removed_tokens_in()
    {
        await using var home = new ServerHome();
        home.Plan("set", "p", "<plan id=\"x\"></plan>\n<step name=\"s\">\nsleep 600\n</step>\n");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var id = await client.ExecuteAsync("set", "p");
        var first = (await TokenAsync(home, "new", "ci")).Out.Trim();
        var second = (await TokenAsync(home, "replace", "ci")).Out.Trim();

        await WhenAsync("grpc-status: 0", () => CancelAsync(second));
        var old = await CancelAsync(first);
        await TokenAsync(home, "remove", "ci");
        await WhenAsync("grpc-status: 16", () => CancelAsync(second));

        Assert.Contains("grpc-status: 16", old);
        Assert.Contains("grpc-message: the token is none of this server's: it is wrong, or was replaced or removed", old);
        Assert.Equal("token:ci, 127.0.0.1", (await client.EndedAsync(id)).CancelledBy);
        Assert.DoesNotContain(first["ci.".Length..], server.Said);
        Assert.DoesNotContain(second["ci.".Length..], server.Said);

        Task<string> CancelAsync(string token) => CallByCurl.CancelAsync(id, server.Address, "", "-H", $"authorization: Bearer {token}");
    }

    /// <summary>Completes when the answer holds this, which the server's next look at the file brings about.</summary>
    private static async Task WhenAsync(string wanted, Func<Task<string>> ask)
    {
        using var patience = new CancellationTokenSource(Timeouts.Default);
        while (!(await ask()).Contains(wanted, StringComparison.Ordinal))
        {
            Assert.False(patience.IsCancellationRequested, $"the server never answered {wanted}");
        }
    }

    private static Task<CliResult> TokenAsync(ServerHome home, params string[] arguments) => RunAsync(home, ["token", .. arguments, home.Configuration]);

    private static async Task<CliResult> RunAsync(ServerHome home, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Programs.Server, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = home.Directory,
        })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().DefaultTimeout();
        return new CliResult(process.ExitCode, await output, await error);
    }
}
