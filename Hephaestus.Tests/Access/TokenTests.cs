using System.Diagnostics;
using Hephaestus.Server.Access;
using Hephaestus.Server.Facts;
using Hephaestus.Tests.Configuration;
using Hephaestus.Tests.EndToEnd;
using Hephaestus.Tests.Supervision;

namespace Hephaestus.Tests.Access;

/// <summary>Callers with tokens.</summary>
public sealed class TokenTests : IDisposable
{
    private const string Wrong = "Unauthenticated: the token is none of this server's: it is wrong, or was replaced or removed";
    private const string BadHeader = "Unauthenticated: the metadata authorization must be there once, as: Bearer TOKEN";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_token_names_its_bearer_and_who_shows_none_is_anonymous()
    {
        var token = Make("ci");
        await using var porch = await Porch.OpenAsync(_folder);
        using var visitor = porch.Visitor();

        Assert.Equal("token:ci: token:ci", await visitor.AskAsync($"Bearer {token}"));
        Assert.Equal("token:ci: token:ci", await visitor.AskAsync($"bEARER   {token}"));
        Assert.Equal("anonymous: ", await visitor.AskAsync());
    }

    [Fact]
    public async Task What_is_no_token_is_refused_and_nothing_of_it_is_repeated()
    {
        var token = Make("ci");
        var other = Make("other");
        await using var porch = await Porch.OpenAsync(_folder);
        using var visitor = porch.Visitor();
        string[] wrong =
        [
            token[..^1], token + "A", "x" + token, "ci.", "ci", ".", "", "nobody." + token[3..], "ci." + other["other.".Length..],
            new string('x', 4000), "ci." + new string('-', 43), "." + new string('-', 43), token + "." + token,
        ];

        foreach (var text in wrong)
        {
            var answer = await visitor.AskAsync($"Bearer {text}");
            Assert.True(answer is Wrong or BadHeader, $"{text}: {answer}");
        }

        Assert.Empty(porch.Log.Lines.Value);
    }

    [Fact]
    public async Task Another_scheme_and_two_headers_are_refused()
    {
        var token = Make("ci");
        await using var porch = await Porch.OpenAsync(_folder);
        using var visitor = porch.Visitor();

        Assert.Equal(BadHeader, await visitor.AskAsync("Basic YTpi"));
        Assert.Equal(BadHeader, await visitor.AskAsync(token));
        Assert.Equal(BadHeader, await visitor.AskAsync($"Bearer{token}"));
        Assert.Equal(Wrong, await visitor.AskAsync($"Bearer {token}, Bearer {token}"));
        Assert.Equal(BadHeader, await TwiceAsync(porch, token));
    }

    [Fact]
    public async Task New_replaced_and_removed_tokens_count_while_the_server_runs()
    {
        await using var porch = await Porch.OpenAsync(_folder);
        using var visitor = porch.Visitor();

        var first = await ChangeAsync(porch, () => Make("ci"));
        Assert.Equal("token:ci: token:ci", await visitor.AskAsync($"Bearer {first}"));

        var second = await ChangeAsync(porch, () => Make("ci"));
        Assert.Equal(Wrong, await visitor.AskAsync($"Bearer {first}"));
        Assert.Equal("token:ci: token:ci", await visitor.AskAsync($"Bearer {second}"));

        await ChangeAsync(porch, () => Change(tokens => tokens.Without("ci")));
        Assert.Equal(Wrong, await visitor.AskAsync($"Bearer {second}"));
    }

    [Fact]
    public async Task A_broken_file_changes_nothing_and_is_said_without_its_content()
    {
        var token = Make("ci");
        await using var porch = await Porch.OpenAsync(_folder);
        using var visitor = porch.Visitor();
        CertificateFiles.Replace(File, $"# a comment\n\n{token}\n");

        var said = await porch.Log.SaysAsync("line 3");

        Assert.Equal(
            $"{File}: line 3: there is no token as hephaestus token new writes it: name, time, salt and hash; what was read before stays in force",
            said);
        Assert.Equal("token:ci: token:ci", await visitor.AskAsync($"Bearer {token}"));
    }

    [Fact]
    public async Task A_file_that_others_can_read_or_write_is_warned_about_once()
    {
        Make("ci");
        System.IO.File.SetUnixFileMode(File, (UnixFileMode)0b110_100_100);
        await using var porch = await Porch.OpenAsync(_folder);

        Assert.Equal($"{File} can be read by every user; chmod 600 it", string.Join("\n", porch.Log.Lines.Value));

        System.IO.File.SetUnixFileMode(File, (UnixFileMode)0b110_110_000);
        // The mode is seen by the look that the next file brings about.
        CertificateFiles.Replace(_folder.At("other"), "");
        Assert.Equal($"{File} can be written by other users; see whether anybody has, and chmod 600 it", await porch.Log.SaysAsync("written"));
    }

    [Fact]
    public async Task A_file_that_is_broken_from_the_start_gives_no_token_and_is_said()
    {
        await System.IO.File.WriteAllTextAsync(File, "broken");
        await using var porch = await Porch.OpenAsync(_folder);
        using var visitor = porch.Visitor();

        Assert.Equal(Wrong, await visitor.AskAsync($"Bearer {TokenEntry.Make("ci", DateTimeOffset.UtcNow).Text}"));
        Assert.Equal("anonymous: ", await visitor.AskAsync());
        Assert.EndsWith("; nothing of it counts until it can be used", porch.Log.Lines.Value.Single(line => line.Contains("line 1", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [RootFact]
    public void What_root_changes_stays_the_owners()
    {
        Make("ci");
        using (var chown = Process.Start("chown", ["54321:54322", File]))
        {
            chown.WaitForExit();
        }

        Make("other");

        using var stat = Process.Start(new ProcessStartInfo("stat", ["--format=%u:%g %a", File]) { RedirectStandardOutput = true })!;
        Assert.Equal("54321:54322 600\n", stat.StandardOutput.ReadToEnd());
    }

    [Fact]
    public void The_file_is_for_its_owner_alone_and_holds_no_secret()
    {
        var token = Make("ci");

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
        Assert.DoesNotContain(token["ci.".Length..], System.IO.File.ReadAllText(File));
        Assert.Equal("ci.".Length + 43, token.Length);
        Assert.Equal([File], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task Changes_at_once_lose_nothing()
    {
        await Task.WhenAll(Enumerable.Range(0, 50).Select(number => Task.Run(() => Make($"t{number}")))).DefaultTimeout();

        Assert.Equal(50, TokenFile.Read(File).Value?.Entries.Length);
    }

    [Fact]
    public void Not_more_than_a_thousand_are_read()
    {
        var line = TokenEntry.Make("name", DateTimeOffset.UtcNow).Entry.ToString();
        var lines = Enumerable.Range(0, TokenList.Most + 1).Select(number => line.Replace("name", $"t{number}", StringComparison.Ordinal)).ToArray();

        Assert.Equal(TokenList.Most, TokenList.Parse(string.Join('\n', lines[1..])).Tokens?.Entries.Length);
        Assert.Equal("line 1001: more than 1000 tokens", TokenList.Parse(string.Join('\n', lines)).Fault);
        Assert.Equal("line 2: there is another token name above", TokenList.Parse($"{line}\n{line}").Fault);
    }

    [Fact]
    public void A_list_is_written_as_it_is_read()
    {
        var text = TokenList.Empty.With(TokenEntry.Make("b", DateTimeOffset.UtcNow).Entry).With(TokenEntry.Make("a", DateTimeOffset.UtcNow).Entry).ToString();

        Assert.Equal(text, TokenList.Parse(text).Tokens?.ToString());
    }

    [Fact]
    public void To_verify_one_costs_no_memory()
    {
        var (entry, text) = TokenEntry.Make("ci", DateTimeOffset.UtcNow);
        var tokens = TokenList.Empty.With(entry);
        var (unknown, wrong) = ("x" + text, text[..^1] + (text[^1] == 'A' ? 'B' : 'A'));
        Assert.NotNull(tokens.Verify(text));
        Assert.Null(tokens.Verify(unknown));
        Assert.Null(tokens.Verify(wrong));
        Assert.Null(tokens.Verify(text[..^1] + "ä"));

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var call = 0; call < 100; call++)
        {
            tokens.Verify(text);
            tokens.Verify(unknown);
            tokens.Verify(wrong);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100);
    }

    /// <summary>Two headers, as no .NET client sends them.</summary>
    private static async Task<string> TwiceAsync(Porch porch, string token)
    {
        var header = $"authorization: Bearer {token}";
        using var curl = Process.Start(new ProcessStartInfo(
            "curl", ["--silent", "--http2-prior-knowledge", "-H", header, "-H", header, porch.Address.ToString()])
        {
            RedirectStandardOutput = true,
        })!;
        var answer = await curl.StandardOutput.ReadToEndAsync().DefaultTimeout();
        await curl.WaitForExitAsync().DefaultTimeout();
        return answer;
    }

    private string File => _folder.At(TokenFile.DefaultName);

    private string Make(string name)
    {
        var (entry, text) = TokenEntry.Make(name, DateTimeOffset.UtcNow);
        Change(tokens => tokens.With(entry));
        return text;
    }

    private string Change(Func<TokenList, TokenList> change)
    {
        TokenFile.Change(File, change);
        return "";
    }

    /// <summary>Changes the file; completes when the porch has taken that in.</summary>
    private static async Task<string> ChangeAsync(Porch porch, Func<string> change)
    {
        var (_, version) = porch.Credentials.Tokens.Values.Current;
        var text = change();
        await porch.Credentials.Tokens.Values.NextAsync(version, CancellationToken.None).DefaultTimeout();
        return text;
    }
}
