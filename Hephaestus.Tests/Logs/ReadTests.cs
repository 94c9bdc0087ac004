using System.Text;
using Hephaestus.Server.Logs;

namespace Hephaestus.Tests.Logs;

public sealed class ReadTests
{
    private static readonly LogSource s_out = LogSource.Out(0);
    private static readonly LogSource s_err = LogSource.Err(0);

    [Fact]
    public async Task An_empty_log_gives_one_batch_without_pieces()
    {
        using var home = new LogHome();

        var received = await home.ReadAsync();

        Assert.Equal(1, received.Batches);
        Assert.Empty(received.Lines);
        Assert.Equal((1, 0), (received.Next.Line, received.Next.Offset));
    }

    [Fact]
    public async Task Lines_are_numbered_in_the_order_of_their_completion_over_all_sources()
    {
        using var home = Filled(
            (s_out, "begun first, "), (s_err, "one\n"), (LogSource.Remark, "two"), (s_out, "ends third\nfour\n"));

        var received = await home.ReadAsync();

        Assert.Equal(
            [(1, s_err, "one\n"), (2, LogSource.Remark, "two\n"), (3, s_out, "begun first, ends third\n"), (4, s_out, "four\n")],
            received.Lines.Select(line => (line.Number, line.Source, line.Bytes)));
    }

    [Theory]
    [InlineData(1, new[] { "1\n", "2\n", "3\n", "4\n", "5\n" })]
    [InlineData(0, new[] { "1\n", "2\n", "3\n", "4\n", "5\n" })]
    [InlineData(3, new[] { "3\n", "4\n", "5\n" })]
    [InlineData(5, new[] { "5\n" })]
    [InlineData(6, new string[0])]
    public async Task Reading_begins_at_any_line(long line, string[] expected)
    {
        using var home = Filled((s_out, "1\n2\n"), (s_err, "3\n"), (s_out, "4\n5\n"));

        var received = await home.ReadAsync(From(line));

        Assert.Equal(expected, received.Texts);
    }

    [Theory]
    [InlineData(7, 0)]
    [InlineData(-1, 0)]
    [InlineData(long.MaxValue, 0)]
    [InlineData(1, 3)]
    [InlineData(1, -1)]
    [InlineData(4, 3)]
    [InlineData(5, 8)]
    [InlineData(5, long.MaxValue)]
    [InlineData(6, 1)]
    public async Task A_position_beyond_the_log_or_its_line_is_refused(long line, long offset)
    {
        using var home = Filled((s_out, "1\n2\n"), (s_err, "3\n"), (s_out, "4\n5, last"), (s_out, null));
        var query = new LogQuery { Start = new LogStart.From(new LogCursor(line, offset, [])) };

        var refused = await Assert.ThrowsAsync<LogPositionException>(() => home.ReadAsync(query));

        Assert.NotEmpty(refused.Message);
    }

    [Theory]
    [InlineData(0, 9)]
    [InlineData(-1, 1)]
    [InlineData(8, 1)]
    [InlineData(0, long.MaxValue)]
    [InlineData(long.MaxValue, 1)]
    public async Task A_part_beyond_the_output_is_refused(long start, long offset)
    {
        using var home = Filled((s_out, "1\n2\nmore"));
        var query = new LogQuery { Start = new LogStart.From(new LogCursor(3, 0, [new DeliveredPart(s_out, start, offset)])) };

        await Assert.ThrowsAsync<LogPositionException>(() => home.ReadAsync(query));
    }

    [Theory]
    [InlineData(0, new string[0])]
    [InlineData(1, new[] { "5\n" })]
    [InlineData(2, new[] { "4\n", "5\n" })]
    [InlineData(5, new[] { "1\n", "2\n", "3\n", "4\n", "5\n" })]
    [InlineData(long.MaxValue, new[] { "1\n", "2\n", "3\n", "4\n", "5\n" })]
    public async Task The_last_lines_are_read(long lines, string[] expected)
    {
        using var home = Filled((s_out, "1\n2\n"), (s_err, "3\n"), (s_out, "4\n5\n"));

        Assert.Equal(expected, (await home.ReadAsync(new LogQuery { Start = new LogStart.Tail(lines) })).Texts);
    }

    [Fact]
    public async Task The_last_lines_of_some_sources_are_read()
    {
        using var home = Filled((s_out, "1\n2\n3\n"), (s_err, "4\n5\n"), (LogSource.Remark, "6"), (s_out, "7\nunfinished"));
        var query = new LogQuery { Start = new LogStart.Tail(2), Filter = source => source == s_out, WholeLines = true };

        Assert.Equal(["3\n", "7\n"], (await home.ReadAsync(query)).Texts);
        Assert.Equal(["4\n", "5\n"], (await home.ReadAsync(query with { Filter = source => source == s_err })).Texts);
        Assert.Empty((await home.ReadAsync(query with { Filter = source => source == LogSource.Out(7) })).Texts);
    }

    [Fact]
    public async Task A_filter_leaves_the_numbers_as_they_are()
    {
        using var home = Filled((s_out, "1\n"), (s_err, "2\n"), (s_out, "3\n"));

        var received = await home.ReadAsync(new LogQuery { Filter = source => source == s_out });

        Assert.Equal([1, 3], received.Lines.Select(line => line.Number));
    }

    [Fact]
    public async Task Lines_that_are_not_complete_are_shown_as_parts_or_left_out()
    {
        using var home = Filled((s_out, "whole\nprompt> "), (s_err, "no end"));

        var received = await home.ReadAsync();
        Assert.Equal(["whole\n"], received.Texts);
        Assert.Equal("prompt> ", received.Begun(s_out));
        Assert.Equal("no end", received.Begun(s_err));
        Assert.Equal("", (await home.ReadAsync(new LogQuery { WholeLines = true })).Begun(s_out));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(64 * 1024)]
    public async Task A_batch_is_bounded_and_cuts_only_lines_that_are_longer(int bytes)
    {
        var many = string.Concat(Enumerable.Repeat("line\n", 500));
        using var home = Filled((s_out, new string('x', 1000)), (s_out, "y\nshort\n"), (s_err, many));
        var whole = true;
        var received = new Received();
        await foreach (var batch in home.Reader.ReadAsync(new LogQuery { UntilNow = true, BatchBytes = bytes }))
        {
            received.Add(batch);
            Assert.InRange(batch.Pieces.Sum(piece => piece.Data.Length), batch.Pieces.Count > 0 ? 1 : 0, bytes);
            Assert.InRange(batch.Pieces.Count, 0, 1 + (bytes / 64));
            whole &= batch.Pieces.All(piece => !piece.Unfinished);
        }

        Assert.Equal(new string('x', 1000) + "y\n", received.Lines[0].Bytes);
        Assert.Equal(NaiveLog.Read(home.Directory).Lines, received.Lines);
        Assert.Equal(bytes > 1000, whole);
    }

    [Fact]
    public async Task A_piece_tells_its_time_and_whether_a_newline_ends_it()
    {
        using var home = new LogHome();
        var time = DateTimeOffset.UnixEpoch.AddTicks(12_345_678_901_234_560);
        home.Log.AppendRemark(time, "----> a remark\n----> of two lines", error: true);
        new LogWriter(home.Log, home.Directory).Write(new LogAction(s_out, "end"), new LogAction(s_out, null));

        var pieces = new List<LogPiece>();
        await foreach (var batch in home.Reader.ReadAsync(new LogQuery { UntilNow = true })) pieces.AddRange(batch.Pieces);

        Assert.Equal([1, 3], pieces.Select(piece => piece.FirstLine));
        Assert.Equal(time, pieces[0].Time);
        Assert.Equal([LogStream.ErrorRemark, LogStream.Out], pieces.Select(piece => piece.Source.Stream));
        Assert.Equal([false, true], pieces.Select(piece => piece.NoNewline));
    }

    [Fact]
    public async Task An_ended_log_reads_as_it_did_while_it_was_written()
    {
        using var home = Filled((s_out, "1\n2\n"), (LogSource.ErrorRemark, "3"), (s_err, "4"), (s_err, null));
        var before = await home.ReadAsync();
        home.Log.Complete();
        home.Log.Dispose();

        Assert.Equal(before.Lines, (await home.ReadAsync()).Lines);
        Assert.Equal(4, home.Reader.Lines);
        var query = new LogQuery { Start = new LogStart.Tail(1), Filter = source => source == s_out };
        Assert.Equal(["2\n"], (await home.ReadAsync(query)).Texts);
    }

    [Fact]
    public async Task A_damaged_record_at_the_end_of_an_ended_log_hides_nothing_else()
    {
        using var home = Filled((s_out, "1\n"), (s_err, "2\n"));
        home.Log.Dispose();
        using (var index = File.OpenWrite(Path.Combine(home.Directory, "index"))) index.SetLength(index.Length + 100);

        Assert.Equal(["1\n", "2\n"], (await home.ReadAsync()).Texts);
    }

    [Fact]
    public async Task Damage_within_a_log_is_told_and_not_read_over()
    {
        using var home = Filled((s_out, "1\n"), (s_err, "2\n"), (s_out, "3\n"));
        home.Log.Dispose();
        using (var index = File.OpenWrite(Path.Combine(home.Directory, "index")))
        {
            index.Position = 56 + 8;
            index.WriteByte(0xff);
        }

        var damage = await Assert.ThrowsAsync<InvalidDataException>(() => home.ReadAsync());

        Assert.Contains("record 1 ", damage.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_output_that_somebody_has_cut_is_told()
    {
        using var home = Filled((s_out, "1\n2\n3\n"));
        home.Log.Dispose();
        using (var output = File.OpenWrite(home.FileOf(s_out))) output.SetLength(3);

        await Assert.ThrowsAsync<InvalidDataException>(() => home.ReadAsync());
    }

    internal static LogHome Filled(params (LogSource Source, string? Text)[] actions)
    {
        var home = new LogHome();
        new LogWriter(home.Log, home.Directory).Write(actions.Select(action => new LogAction(action.Source, action.Text)));
        return home;
    }

    private static LogQuery From(long line) => new() { Start = new LogStart.From(LogCursor.Beginning with { Line = line }) };
}
