using Hephaestus.Server.Logs;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Logs;

public sealed class RecoveryTests
{
    private static readonly LogSource s_out = LogSource.Out(0);

    [Fact]
    public async Task Bytes_without_a_record_get_one_that_says_so()
    {
        using var home = ReadTests.Filled((s_out, "recorded\nbegun"));
        using var killed = new Killed(home, length => length);
        await File.AppendAllTextAsync(killed.FileOf(s_out), " and found\nmore");

        using var log = killed.Open();

        Assert.Equal(["recorded\n", "begun and found\n"], NaiveLog.Read(killed.Directory).Lines.Select(line => line.Bytes));
        Assert.True(IndexRecord.TryRead(File.ReadAllBytes(Path.Combine(killed.Directory, "index")).AsSpan(56), out var found));
        Assert.Equal((RecordFlags.Found, 14, 29), (found.Flags, found.Start, found.End));
        Assert.Equal(new SourceEnd(29, 25, 2), log.Adopt(new LogFile(s_out, killed.FileOf(s_out))));
    }

    [Fact]
    public async Task More_than_a_record_should_cover_is_found_in_parts()
    {
        using var home = new LogHome();
        using var killed = new Killed(home, length => length);
        await File.WriteAllLinesAsync(killed.FileOf(s_out), Enumerable.Range(1, 400_000).Select(number => $"{number}"));

        using var log = killed.Open();

        Assert.Equal(400_000, log.Head.Value.Lines);
        Assert.Equal(3, log.Head.Value.Records);
        Assert.Equal("400000\n", NaiveLog.Read(killed.Directory).Lines[^1].Bytes);
    }

    [Fact]
    public void Remarks_that_no_record_covers_are_dropped_for_whoever_owns_the_events()
    {
        using var home = ReadTests.Filled((LogSource.Remark, "one"), (LogSource.ErrorRemark, "two"));
        using var killed = new Killed(home, length => length - 1);

        using var log = killed.Open();

        Assert.Equal(4, log.RemarkBytes);
        Assert.Equal("one\n", File.ReadAllText(killed.FileOf(LogSource.Remark)));
        log.AppendRemark(DateTimeOffset.UtcNow, "two", error: true);
        Assert.Equal(["one\n", "two\n"], NaiveLog.Read(killed.Directory).Lines.Select(line => line.Bytes));
    }

    [Fact]
    public void A_log_that_needs_no_mending_stays_as_it_is()
    {
        using var home = ReadTests.Filled((s_out, "one\n"), (LogSource.Remark, "two"), (s_out, "three\n"));
        using var killed = new Killed(home, length => length);

        using var log = killed.Open();

        Assert.Equal(3, log.Head.Value.Records);
        Assert.Equal(NaiveLog.Read(home.Directory).Lines, NaiveLog.Read(killed.Directory).Lines);
    }

    [Fact]
    public async Task A_line_that_a_lost_attempt_left_is_ended_when_the_log_of_its_ended_execution_closes()
    {
        using var home = ReadTests.Filled((s_out, "whole\nlost in the middle"));
        using var killed = new Killed(home, length => length);
        using (var log = killed.Open())
        {
            log.AppendRemark(DateTimeOffset.UtcNow, "----> Plan ended: Lost", error: true);
            log.Complete();
        }

        var received = new Received();
        await foreach (var batch in killed.Reader.ReadAsync(new LogQuery())) received.Add(batch);

        Assert.Equal(["whole\n", "----> Plan ended: Lost\n", "lost in the middle"], received.Texts);
        Assert.Equal(NaiveLog.Read(killed.Directory).Lines, received.Lines);
    }

    [Fact]
    public void A_line_of_an_execution_that_goes_on_is_not_ended_by_a_stop()
    {
        using var home = ReadTests.Filled((s_out, "goes on"));
        using var killed = new Killed(home, length => length);
        killed.Open().Dispose();

        Assert.Empty(NaiveLog.Read(killed.Directory).Lines);
    }

    [Fact]
    public async Task A_follower_s_cursor_goes_on_within_a_line_that_was_being_printed_when_the_server_was_killed()
    {
        using var home = new LogHome(new PumpOptions { Unfinished = TimeSpan.FromMilliseconds(1) });
        var fifos = home.NewFifos();
        home.Attach(fifos);
        using var program = Fifos.Writer(fifos.Out);
        program.Write("first\nhalf "u8);
        Received client;
        await using (var follower = new Follower(home.Reader))
        {
            await follower.UntilAsync(received => received.Begun(s_out) == "half ");
            client = follower.Received;
        }

        home.Restart();
        var attempt = home.Attach(fifos);
        program.Write("and half\n"u8);
        await attempt.DrainAsync().DefaultTimeout();

        var query = new LogQuery { Start = new LogStart.From(client.Next), UntilNow = true };
        await foreach (var batch in home.Reader.ReadAsync(query)) client.Add(batch);
        Assert.Equal(["first\n", "half and half\n"], client.Texts);
    }
}
