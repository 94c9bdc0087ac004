using System.Text;
using Hephaestus.Server.Logs;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Logs;

public sealed class FollowTests
{
    private static readonly LogSource s_out = LogSource.Out(0);

    [Fact]
    public async Task A_follower_is_woken_by_each_line_that_a_program_prints()
    {
        using var home = new LogHome();
        var fifos = home.NewFifos();
        home.Attach(fifos);
        using var program = Fifos.Writer(fifos.Out);
        await using var follower = new Follower(home.Reader);

        for (var line = 1; line <= 200; line++)
        {
            program.Write(Encoding.UTF8.GetBytes($"line {line}\n"));
            await follower.UntilAsync(received => received.Lines.Count == line);
        }

        Assert.Equal("line 200\n", follower.Received.Lines[^1].Bytes);
    }

    [Fact]
    public async Task A_line_that_stays_unfinished_is_shown_as_it_grows_and_gets_its_number_with_its_end()
    {
        using var home = new LogHome();
        var fifos = home.NewFifos();
        home.Attach(fifos);
        using var program = Fifos.Writer(fifos.Out);
        await using var follower = new Follower(home.Reader);

        program.Write("10%"u8);
        await follower.UntilAsync(received => received.Begun(s_out) == "10%");
        program.Write("\r20%"u8);
        await follower.UntilAsync(received => received.Begun(s_out) == "10%\r20%");
        Assert.Empty(follower.Received.Lines);
        Assert.Equal(new DeliveredPart(s_out, 0, 7), Assert.Single(follower.Received.Next.Unfinished));
        program.Write(" done\n"u8);
        await follower.UntilAsync(received => received.Lines.Count == 1);

        Assert.Equal(new ReceivedLine(1, s_out, "10%\r20% done\n"), follower.Received.Lines[0]);
        Assert.Empty(follower.Received.Next.Unfinished);
    }

    [Fact]
    public async Task A_line_that_its_step_s_end_completes_comes_without_bytes_when_they_were_shown()
    {
        using var home = new LogHome();
        var fifos = home.NewFifos();
        var attempt = home.Attach(fifos);
        using var program = Fifos.Writer(fifos.Out);
        await using var follower = new Follower(home.Reader);
        program.Write("password: "u8);
        await follower.UntilAsync(received => received.Begun(s_out) == "password: ");

        await attempt.DrainAsync().DefaultTimeout();
        await follower.UntilAsync(received => received.Lines.Count == 1);

        Assert.Equal("password: ", follower.Received.Lines[0].Bytes);
    }

    [Fact]
    public async Task A_client_that_reconnects_within_an_unfinished_line_gets_its_rest()
    {
        using var home = ReadTests.Filled((s_out, "whole\nfirst half"));
        var before = await home.ReadAsync();
        var writer = new LogWriter(home.Log, home.Directory);
        writer.Write(new LogAction(s_out, ", second half\nnext\n"));

        var query = new LogQuery { Start = new LogStart.From(before.Next), UntilNow = true };
        await foreach (var batch in home.Reader.ReadAsync(query)) before.Add(batch);

        Assert.Equal(["whole\n", "first half, second half\n", "next\n"], before.Texts);
    }

    [Fact]
    public async Task A_follower_ends_when_the_execution_has_and_everything_was_given()
    {
        using var home = ReadTests.Filled((s_out, "before\n"));
        var unread = Descriptors.Below(home.Directory).Length;
        await using var follower = new Follower(home.Reader);
        await follower.UntilAsync(received => received.Lines.Count == 1);

        home.Log.AppendRemark(DateTimeOffset.UtcNow, "----> Plan ended: OK", error: false);
        home.Log.Complete();
        await follower.EndAsync();

        Assert.Equal(["before\n", "----> Plan ended: OK\n"], follower.Received.Texts);
        Assert.Equal(unread, Descriptors.Below(home.Directory).Length);
    }

    [Fact]
    public async Task A_follower_of_an_ended_log_ends_at_once()
    {
        using var home = ReadTests.Filled((s_out, "before\n"));
        home.Log.Complete();
        home.Log.Dispose();

        await using var follower = new Follower(home.Reader);
        await follower.EndAsync();

        Assert.Equal(["before\n"], follower.Received.Texts);
        Assert.Empty(Descriptors.Below(home.Directory));
    }

    [Fact]
    public async Task Only_new_lines_are_those_that_are_completed_from_now_on()
    {
        using var home = ReadTests.Filled((s_out, "old\nbegun"));
        var writer = new LogWriter(home.Log, home.Directory);
        await using var follower = new Follower(home.Reader, new LogQuery { Start = new LogStart.OnlyNew(), WholeLines = true });
        await follower.UntilAsync(_ => follower.Received.Batches == 1);

        writer.Write(new LogAction(s_out, " before\nnew\n"));
        await follower.UntilAsync(received => received.Lines.Count == 2);

        Assert.Equal(["begun before\n", "new\n"], follower.Received.Texts);
    }

    [Fact]
    public async Task Cancelling_ends_a_follower_that_waits()
    {
        using var home = ReadTests.Filled((s_out, "line\n"));
        using var cancelled = new CancellationTokenSource();
        await using var follower = new Follower(home.Reader, cancellation: cancelled.Token);
        await follower.UntilAsync(received => received.Lines.Count == 1);

        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(follower.EndAsync);
        Assert.DoesNotContain(home.FileOf(s_out), Descriptors.Below(home.Directory));
    }

    [Fact]
    public async Task Cancelling_ends_a_follower_that_has_much_to_read()
    {
        using var home = ReadTests.Filled((s_out, string.Concat(Enumerable.Repeat("line\n", 100_000))));
        using var cancelled = new CancellationTokenSource();
        var received = 0;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var batch in home.Reader.ReadAsync(new LogQuery(), cancelled.Token))
            {
                received++;
                await cancelled.CancelAsync();
            }
        });

        Assert.Equal(1, received);
    }

    [Fact]
    public async Task A_follower_that_does_not_read_holds_up_nobody()
    {
        using var home = new LogHome();
        await using var slow = home.Reader.ReadAsync(new LogQuery()).GetAsyncEnumerator();
        Assert.True(await slow.MoveNextAsync().AsTask().DefaultTimeout());

        await home.RunAsync("seq 1 300000");
        home.Log.Complete();

        var received = new Received();
        while (await slow.MoveNextAsync().AsTask().DefaultTimeout()) received.Add(slow.Current);
        Assert.Equal(300_000, received.Lines.Count);
        Assert.Equal("300000\n", received.Lines[^1].Bytes);
    }

    [Fact]
    public async Task Followers_that_wait_share_the_log_s_descriptors()
    {
        using var home = ReadTests.Filled((s_out, "line\n"), (LogSource.Remark, "remark"));
        var before = Descriptors.Below(home.Directory).Length;
        var followers = Enumerable.Range(0, 100).Select(_ => new Follower(home.Reader)).ToArray();
        foreach (var follower in followers) await follower.UntilAsync(received => received.Lines.Count == 2);

        Assert.Equal(before + 3, Descriptors.Below(home.Directory).Length);

        home.Log.Complete();
        foreach (var follower in followers) await follower.EndAsync();
        Assert.Equal(before, Descriptors.Below(home.Directory).Length);
    }

    [Fact]
    public async Task A_reader_of_more_outputs_than_stay_open_reads_them_all()
    {
        using var home = new LogHome();
        var sources = Enumerable.Range(0, 100).Select(LogSource.Out).ToArray();
        var writer = new LogWriter(home.Log, home.Directory);
        writer.Write(sources.Concat(sources).Select(source => new LogAction(source, $"of {source.Value}\n")));

        var received = await home.ReadAsync(new LogQuery { BatchBytes = 300 });

        Assert.Equal(NaiveLog.Read(home.Directory).Lines, received.Lines);
    }

    [Fact]
    public async Task A_log_that_is_removed_while_it_is_followed_is_read_to_its_end_first()
    {
        using var home = ReadTests.Filled((s_out, string.Concat(Enumerable.Repeat("line\n", 100_000))));
        home.Log.Complete();
        home.Log.Dispose();
        var (received, freed) = (new Received(), 0);
        await foreach (var batch in home.Reader.ReadAsync(new LogQuery()))
        {
            if (received.Batches == 0) Assert.False(home.Store.Remove(LogHome.Execution, () => freed++));
            Assert.Equal(0, freed);
            received.Add(batch);
        }

        Assert.Equal((100_000, 1), (received.Lines.Count, freed));
        Assert.True(home.Store.Remove(LogHome.Execution));
        Assert.Throws<IOException>(() => home.Reader);
        Assert.Empty(Directory.GetDirectories(home.Root));
    }
}
