using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Hephaestus.Protocol;
using Hephaestus.Server.Logs;
using Hephaestus.Tests.EndToEnd;
using Hephaestus.Tests.Supervision;
using Microsoft.Data.Sqlite;

namespace Hephaestus.Tests.Cli;

/// <summary>
/// The machine loses power while a step prints: of its log, and perhaps of the journal, only the beginning is left. Whoever
/// has seen more is told so, and never gets other lines for those that follow.
/// </summary>
public sealed class PowerLossTests
{
    /// <summary>Two remarks and two lines of the step.</summary>
    private const int Kept = 4;

    [Fact]
    public async Task A_position_in_a_lost_part_of_a_log_is_out_of_range_and_one_before_it_goes_on()
    {
        await using var home = new ServerHome("log.late_output = 0s");
        using var gate = new EndToEnd.Gate(home);
        var first = await home.StartAsync();
        var positions = await PrintAsync(home, first, gate);
        await LosePowerAsync(home, first);

        await using var server = await home.StartAsync(("HEPHAESTUS_BOOT_ID", "another"));
        using var client = new ServerClient(server);
        var log = await client.LogAsync(1);

        Assert.Equal("line 1\nline 2\n", log.Out(1));
        Assert.Equal(2u, log.Next!.Generation);
        foreach (var position in positions)
        {
            var lost = await BeyondAsync(client, position);
            if (position.Line <= Kept + 1)
            {
                Assert.Null(lost);
            }
            else
            {
                Assert.Equal(("5", StatusCode.OutOfRange), (lost?.Trailers.GetValue("next-line"), lost?.StatusCode));
                Assert.Equal(
                    "the lines from 5 on that were seen were lost when the machine lost power; others bear their numbers now", lost!.Status.Detail);
            }
        }

        // Who does not say in which generation it was gets what is there now.
        Assert.Null(await BeyondAsync(client, new Cursor { Line = Kept + 2 }));
        Assert.Equal(0, await server.StopAsync());
    }

    [Fact]
    public async Task The_command_line_says_that_lines_were_lost_and_goes_on_with_what_the_log_has_now()
    {
        await using var home = new ServerHome($"host.grpc.address = 127.0.0.1:{FreePort()}", "log.late_output = 0s");
        using var gate = new EndToEnd.Gate(home);
        var first = await home.StartAsync();
        await PrintAsync(home, first, gate);
        await using var follower = RunningCli.Start("-H", first.Address, "status", "--id", "1", "--follow");
        await follower.LineAsync(" I line 6");
        await LosePowerAsync(home, first);

        await using var server = await home.StartAsync(("HEPHAESTUS_BOOT_ID", "another"));
        var followed = await follower.EndAsync();
        var shown = await CliProcess.RunAsync(server, "status", "--id", "1");

        Assert.Equal(3, followed.ExitCode);
        Assert.Contains(
            "hephaestus-cli: the lines from 5 on that were seen were lost when the machine lost power; others bear their numbers now; "
                + "going on with line 5\n",
            followed.Err,
            StringComparison.Ordinal);
        Assert.Equal(shown.Lines[..Kept], followed.Lines[..Kept]);
        Assert.Equal(shown.Lines[Kept..], followed.Lines[(Kept + 4)..]);
        Assert.EndsWith("----> Plan ended: Lost", followed.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_journal_lost_is_not_given_to_other_events_and_what_ran_is_lost_and_not_passed_over()
    {
        await using var home = new ServerHome("log.late_output = 0s");
        var server = await home.StartAsync();
        using var gate = new EndToEnd.Gate(home);
        home.Steps("p", $"<step name=\"s\">\necho printed; {gate.Wait}\n</step>", "<step name=\"t\">\n:\n</step>");
        ulong seen;
        using (var client = new ServerClient(server))
        {
            await client.KnowsAsync("set", "p");
            await client.ExecuteAsync("set", "p");
            await gate.ArrivedAsync();
            seen = (await client.WhenAsync(1, execution => execution.Steps[0].Pid > 0)).Sequence;
            await client.WhenLogAsync(1, log => log.Out(1) == "printed\n");
        }

        await server.KillAsync();
        await Remnants.EndAsync(home);
        Directory.Delete(home.Running, recursive: true);
        ForgetAllButTheAcceptance(home);

        await using var next = await home.StartAsync(("HEPHAESTUS_BOOT_ID", "another"));
        using var again = new ServerClient(next);
        var execution = await again.EndedAsync(1);
        var log = await again.LogAsync(1);
        using var watch = again.Calls.WatchExecutions(new WatchExecutionsRequest { AfterSequence = seen });
        var refused = await Assert.ThrowsAsync<RpcException>(() => watch.ResponseStream.MoveNext(CancellationToken.None).DefaultTimeout());

        Assert.Equal(StatusCode.OutOfRange, refused.StatusCode);
        Assert.True(execution.Sequence > seen);
        Assert.Equal((State.Lost, State.Lost, State.DidNotRun), (execution.State, execution.Steps[0].State, execution.Steps[1].State));
        Assert.Equal("printed\n", log.Out(1));
        Assert.Equal(0, await next.StopAsync());
    }

    /// <summary>Runs a plan that prints six lines, each of which has come before the next is printed; all positions on the way.</summary>
    private static async Task<List<Cursor>> PrintAsync(ServerHome home, ServerProcess server, EndToEnd.Gate gate)
    {
        var positions = new List<Cursor>();
        home.Step("p", $"for n in 1 2 3 4 5 6; do echo line $n; {gate.Pass}; done");
        using var client = new ServerClient(server);
        await client.KnowsAsync("set", "p");
        Assert.Equal(1u, await client.ExecuteAsync("set", "p"));
        using var timeout = new CancellationTokenSource(Timeouts.Default);
        using var follow = client.Calls.FollowLog(new FollowLogRequest { Id = 1 }, cancellationToken: timeout.Token);
        for (var lines = 0; lines < 8 && await follow.ResponseStream.MoveNext(timeout.Token);)
        {
            foreach (var piece in follow.ResponseStream.Current.Pieces?.Pieces ?? [])
            {
                lines += piece.Data.Span.Count((byte)'\n');
                gate.Open(piece.Step == 0 || lines == 8 ? 0 : 1);
            }

            positions.Add(follow.ResponseStream.Current.Next);
        }

        return positions;
    }

    /// <summary>Ends all processes, and leaves of the log what may have been on the disk.</summary>
    private static async Task LosePowerAsync(ServerHome home, ServerProcess server)
    {
        await server.KillAsync();
        await Remnants.EndAsync(home);
        var records = File.ReadAllBytes(Path.Combine(home.Log(1), "index")).Chunk(IndexRecord.Size).Take(Kept)
            .Select(bytes => (IsRecord: IndexRecord.TryRead(bytes, out var record), Record: record)).ToArray();
        Assert.All(records, each => Assert.True(each.IsRecord));
        Cut(Path.Combine(home.Log(1), "index"), Kept * IndexRecord.Size);
        Cut(Path.Combine(home.Log(1), "001-1.out"), records[^1].Record.End);
    }

    private static void Cut(string path, long length)
    {
        using var file = File.OpenWrite(path);
        file.SetLength(length);
    }

    /// <summary>The journal as it was on the disk when the acceptance was answered.</summary>
    private static void ForgetAllButTheAcceptance(ServerHome home)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(home.State, "journal.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"DELETE FROM events WHERE sequence > 1; UPDATE executions SET state = {(int)State.Queued}";
        command.ExecuteNonQuery();
    }

    private static async Task<RpcException?> BeyondAsync(ServerClient client, Cursor position)
    {
        using var call = client.Calls.FollowLog(new FollowLogRequest { Id = 1, From = position, UntilNow = true });
        try
        {
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).DefaultTimeout());
            return null;
        }
        catch (RpcException refused)
        {
            return refused;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
