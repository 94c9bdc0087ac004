using Grpc.Core;
using Grpc.Net.Client;
using Hephaestus.Protocol;
using Hephaestus.Server.Access;
using Hephaestus.Tests.Cli;
using Hephaestus.Tests.Configuration;
using Hephaestus.Tests.EndToEnd;
using Gate = Hephaestus.Tests.EndToEnd.Gate;

namespace Hephaestus.Tests.Access;

/// <summary>Rules of access that change while the server runs.</summary>
public sealed class ReloadTests
{
    private const string Plan = "<plan id=\"p\"></plan>\n<step name=\"a\">true</step>\n";

    [Fact]
    public async Task Changed_rules_count_without_a_restart()
    {
        await using var server = await RuledServer.StartAsync([], "anonymous = viewer");
        server.Home.Plan("web", "p", Plan);
        server.Home.Plan("db", "p", Plan);
        using var client = new ServerClient(server.Process);
        await client.KnowsAsync("web", "p");

        Assert.Equal(StatusCode.PermissionDenied, await StatusOf(client.ExecuteAsync("web", "p")));
        await server.RuleAsync("anonymous = operator w*");
        Assert.Equal(StatusCode.OK, await StatusOf(client.ExecuteAsync("web", "p")));
        Assert.Equal(StatusCode.PermissionDenied, await StatusOf(client.ExecuteAsync("db", "p")));
        await server.RuleAsync("anonymous = none");

        var refused = await Assert.ThrowsAsync<RpcException>(() => client.PlansAsync());
        Assert.Equal(
            (StatusCode.Unauthenticated,
                "this server has to know who calls, and the call from 127.0.0.1 does not show it; what can be shown: "
                + "a token (authorization: Bearer) or the user, at the server's unix socket"),
            (refused.StatusCode, refused.Status.Detail));
    }

    [Fact]
    public async Task A_refusal_says_who_lacks_what_and_not_whether_it_is_there()
    {
        await using var server = await RuledServer.StartAsync([], "anonymous = operator");
        server.Home.Plan("db", "p", Plan);
        using var client = new ServerClient(server.Process);
        await client.KnowsAsync("db", "p");
        Assert.Equal(1u, await client.ExecuteAsync("db", "p"));
        await server.RuleAsync("anonymous = viewer, operator web-*");

        Assert.Equal(
            "anonymous from 127.0.0.1 may not call Execute for the plan set \"db\": that takes the role operator there",
            await RefusalOf(client.ExecuteAsync("db", "p")));
        await server.RuleAsync("anonymous = operator web-*");
        foreach (var id in new[] { 1u, 99u })
        {
            Assert.Equal(
                $"anonymous from 127.0.0.1 may not call GetExecution for execution {id}: that takes the role viewer in its plan set",
                await RefusalOf(client.GetAsync(id)));
        }
    }

    [Fact]
    public async Task A_file_that_is_included_is_looked_at_too()
    {
        await using var server = await RuledServer.StartAsync([]);
        var folder = Directory.CreateDirectory(Path.Combine(server.Home.Directory, "more"));
        var included = Path.Combine(folder.FullName, "access.conf");
        File.WriteAllText(included, "access.anonymous = viewer\n");
        server.Replace([.. server.With(), $"%include {included}"]);
        await server.Process.SaysAsync("rules of access taken in: access.anonymous = viewer");

        File.WriteAllText(included + ".new", "access.anonymous = operator\n");
        File.Move(included + ".new", included, overwrite: true);

        await server.Process.SaysAsync("rules of access taken in: access.anonymous = operator; no longer access.anonymous = viewer");
    }

    [Fact]
    public async Task A_broken_file_changes_nothing_and_is_said_with_its_line_and_so_is_its_mending()
    {
        await using var server = await RuledServer.StartAsync([], "anonymous = operator");
        var line = server.With().Length + 1;
        var file = server.Home.Configuration;

        server.Replace(server.With("anonymous = operater", "token:x = admin"));
        await server.Process.SaysAsync(
            $"Not taken in, the rules of access stay as they are: {file}:{line}: access.anonymous: \"operater\" is no role; "
            + "allowed is none, viewer, operator or admin; did you mean operator?");
        using var client = new ServerClient(server.Process);
        Assert.Empty(await client.PlansAsync());
        await server.RuleAsync("anonymous = viewer");

        Assert.Contains($"{file} has no errors any more", server.Process.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("taken in: access.token:x", server.Process.Errors, StringComparison.Ordinal);
        Assert.Single(server.Process.Errors.Split("Not taken in")[1..]);
    }

    [Fact]
    public async Task That_no_rule_is_left_opens_no_server()
    {
        await using var server = await RuledServer.StartAsync([], "anonymous = viewer");

        server.Replace(server.With());

        await server.Process.SaysAsync($"{server.Home.Configuration}: access.*: no rule is set any more; say access.anonymous = operator if everybody");
        using var client = new ServerClient(server.Process);
        Assert.Equal(StatusCode.PermissionDenied, await StatusOf(client.ExecuteAsync("web", "p")));
    }

    [Fact]
    public async Task Of_other_keys_it_is_said_that_they_wait_for_a_restart()
    {
        await using var server = await RuledServer.StartAsync(["exec.grace = 3s"], "anonymous = viewer");

        server.Replace([.. server.With("anonymous = viewer").Where(line => !line.StartsWith("exec.grace", StringComparison.Ordinal)), "log.late_output = 1s"]);

        await server.Process.SaysAsync($"{server.Home.Configuration}: changed, which counts from the next start on: exec.grace, log.late_output");
    }

    [Fact]
    public async Task Streams_end_when_their_caller_may_see_less_or_nothing()
    {
        await using var server = await RuledServer.StartAsync([], "anonymous = viewer");
        using var client = new ServerClient(server.Process);
        await AssertEndAsync(["anonymous = viewer w*"], StatusCode.Aborted);
        await AssertEndAsync(["anonymous = none"], StatusCode.Unauthenticated);
        await server.RuleAsync("anonymous = viewer");
        await AssertEndAsync(["anonymous = viewer, operator x"], StatusCode.Aborted);

        async Task AssertEndAsync(string[] rules, StatusCode end)
        {
            using var timeout = new CancellationTokenSource(Timeouts.Default);
            using var catalogue = client.Calls.WatchCatalogue(new WatchCatalogueRequest());
            using var executions = client.Calls.WatchExecutions(new WatchExecutionsRequest());
            Assert.True(await catalogue.ResponseStream.MoveNext(timeout.Token));
            Assert.True(await executions.ResponseStream.MoveNext(timeout.Token));

            await server.RuleAsync(rules);

            Assert.Equal(end, await EndOf(catalogue.ResponseStream, timeout.Token));
            Assert.Equal(end, await EndOf(executions.ResponseStream, timeout.Token));
        }
    }

    [Fact]
    public async Task A_removed_token_ends_its_streams_and_no_others()
    {
        using var folder = new TemporaryFolder();
        var file = folder.At("tokens");
        var texts = new[] { "one", "other" }.ToDictionary(name => name, Made);
        await using var server = await RuledServer.StartAsync([$"access.tokens = {file}"], "token:one = viewer", "token:other = viewer");
        using var timeout = new CancellationTokenSource(Timeouts.Default);
        using var one = Bearer("one");
        using var other = Bearer("other");
        using var ends = new Protocol.Hephaestus.HephaestusClient(one).WatchCatalogue(new WatchCatalogueRequest(), cancellationToken: timeout.Token);
        using var stays = new Protocol.Hephaestus.HephaestusClient(other).WatchCatalogue(new WatchCatalogueRequest(), cancellationToken: timeout.Token);
        Assert.True(await ends.ResponseStream.MoveNext(timeout.Token));
        Assert.True(await stays.ResponseStream.MoveNext(timeout.Token));

        TokenFile.Change(file, tokens => tokens.Without("one"));

        Assert.Equal(StatusCode.Unauthenticated, await EndOf(ends.ResponseStream, timeout.Token));
        server.Home.Plan("web", "p", Plan);
        Assert.True(await stays.ResponseStream.MoveNext(timeout.Token));
        Assert.Equal(["web"], stays.ResponseStream.Current.Change.SetsAdded);

        string Made(string name)
        {
            var (entry, text) = TokenEntry.Make(name, DateTimeOffset.UtcNow);
            TokenFile.Change(file, tokens => tokens.With(entry));
            return text;
        }

        GrpcChannel Bearer(string name) => GrpcChannel.ForAddress(
            server.Process.Address,
            new GrpcChannelOptions { HttpHandler = new Bearing(texts[name], new SocketsHttpHandler()), DisposeHttpClient = true });
    }

    [Fact]
    public async Task Streams_go_on_when_rules_change_that_are_not_their_callers()
    {
        await using var server = await RuledServer.StartAsync([], "anonymous = viewer w*, viewer x");
        using var timeout = new CancellationTokenSource(Timeouts.Default);
        using var client = new ServerClient(server.Process);
        using var catalogue = client.Calls.WatchCatalogue(new WatchCatalogueRequest());
        Assert.True(await catalogue.ResponseStream.MoveNext(timeout.Token));

        await server.RuleAsync("token:x = admin", "anonymous = viewer x, viewer w*");
        server.Home.Plan("hidden", "p", Plan);
        server.Home.Plan("web", "p", Plan);

        Assert.True(await catalogue.ResponseStream.MoveNext(timeout.Token));
        Assert.Equal(["web"], catalogue.ResponseStream.Current.Change.SetsAdded);
    }

    [Fact]
    public async Task The_command_lines_followers_come_again_by_themselves()
    {
        await using var server = await RuledServer.StartAsync([], "anonymous = operator");
        using var gate = new Gate(server.Home);
        server.Home.Plan("web", "p", $"<plan id=\"p\"></plan>\n<step name=\"a\">\necho one\n{gate.Wait}\necho two\n</step>\n");
        using var client = new ServerClient(server.Process);
        await client.KnowsAsync("web", "p");
        await using var watcher = RunningCli.Start("-H", server.Process.Address, "watch");
        await using var follower = RunningCli.Start("-H", server.Process.Address, "exec", "--set", "web", "--name", "p", "--follow");
        await follower.LineAsync(" I one");
        await watcher.LineAsync("runs as process");

        await server.RuleAsync("anonymous = operator web");
        await server.RuleAsync("anonymous = viewer w*");
        gate.Open();

        var followed = await follower.EndAsync();
        Assert.Equal((0, ""), (followed.ExitCode, followed.Err));
        Assert.Equal(["one", "two"], followed.Lines.Where(line => line.Contains(" I ") && !line.Contains("---->")).Select(line => line[(line.IndexOf(" I ") + 3)..]));
        await watcher.LineAsync("ended: OK");
        await server.RuleAsync("anonymous = none");
        Assert.Equal(4, (await watcher.EndAsync()).ExitCode);
    }

    private static async Task<StatusCode> EndOf<T>(IAsyncStreamReader<T> stream, CancellationToken cancellation)
    {
        try
        {
            while (await stream.MoveNext(cancellation))
            {
                // A heartbeat may have been under way.
            }

            return StatusCode.OK;
        }
        catch (RpcException end)
        {
            return end.StatusCode;
        }
    }

    private static async Task<StatusCode> StatusOf(Task call)
    {
        try
        {
            await call.DefaultTimeout();
            return StatusCode.OK;
        }
        catch (RpcException refused)
        {
            return refused.StatusCode;
        }
    }

    private static async Task<string> RefusalOf(Task call)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(() => call.DefaultTimeout());
        Assert.Equal(StatusCode.PermissionDenied, refused.StatusCode);
        return refused.Status.Detail;
    }
}
