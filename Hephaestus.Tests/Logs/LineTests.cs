using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Hephaestus.Server.Logs;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Logs;

public sealed class LineTests
{
    private const int Overhead = 10;

    private static readonly LogSource s_out = LogSource.Out(0);

    [Fact]
    public async Task All_lines_come_without_their_newlines()
    {
        using var home = ReadTests.Filled((s_out, "one\n\nthr"), (LogSource.Remark, "remark"), (s_out, "ee\r\n4"), (s_out, null));

        Assert.Equal(["one", "", "remark", "three\r", "4"], await LinesAsync(home.Reader, from: 1));
        Assert.Equal(["three\r", "4"], await LinesAsync(home.Reader, from: 4));
        Assert.Empty(await LinesAsync(home.Reader, from: 6));
    }

    [Fact]
    public async Task A_line_longer_than_a_batch_comes_in_parts()
    {
        using var home = ReadTests.Filled((s_out, new string('x', 200_000) + "\nnext\n"));

        var parts = new List<(int Length, bool Begins, bool Ends)>();
        await foreach (var part in LogLines.AllAsync(home.Reader)) parts.Add((part.Bytes.Length, part.Begins, part.Ends));

        Assert.Equal([(65536, true, false), (65536, false, false), (65536, false, false), (3392, false, true), (4, true, true)], parts);
    }

    [Fact]
    public void The_newest_lines_are_those_that_fit_in_so_many_bytes() =>
        Prop.ForAll(LogAction.Some.ToArbitrary(), Gen.Choose(0, 400).ToArbitrary(), (actions, budget) =>
            CheckNewestAsync(actions, budget).DefaultTimeout().GetAwaiter().GetResult()).QuickCheckThrowOnFailure();

    [Fact]
    public async Task Of_a_line_that_is_very_long_only_its_beginning_is_kept()
    {
        using var home = ReadTests.Filled((s_out, "before\n" + new string('x', 100_000) + "\n"));

        var newest = await LogLines.NewestAsync(home.Reader, 1_000_000, Overhead);

        Assert.Equal([false, true], newest.Lines.Select(line => line.Cut));
        Assert.Equal((LogLines.MostLineBytes, 100_000), (newest.Lines[1].Bytes.Length, newest.Lines[1].Length));
    }

    [Fact]
    public async Task What_belongs_to_no_complete_line_takes_no_room_from_the_newest_lines()
    {
        using var home = ReadTests.Filled((s_out, "a\nb\n"), (LogSource.Err(0), new string('\r', 5000)), (s_out, new string('.', 5000)));

        var newest = await LogLines.NewestAsync(home.Reader, 100, Overhead);

        Assert.Equal(["a", "b"], newest.Lines.Select(line => Encoding.Latin1.GetString(line.Bytes)));
    }

    [Fact]
    public async Task A_very_long_line_takes_no_more_room_than_what_is_kept_of_it()
    {
        using var home = ReadTests.Filled((s_out, "before\n"), (s_out, new string('x', 1_000_000) + "\n"));

        var newest = await LogLines.NewestAsync(home.Reader, 100_000, Overhead);

        Assert.Equal([6, LogLines.MostLineBytes], newest.Lines.Select(line => line.Bytes.Length));
    }

    private static async Task CheckNewestAsync(LogAction[] actions, int budget)
    {
        using var home = new LogHome();
        new LogWriter(home.Log, home.Directory).Write(actions);
        var expected = new List<string>();
        var left = budget;
        var all = NaiveLog.Read(home.Directory).Lines.Select(line => line.Bytes.TrimEnd('\n')).ToArray();
        for (var at = all.Length - 1; at >= 0 && (left -= all[at].Length + Overhead) >= 0; at--) expected.Insert(0, all[at]);

        var newest = await LogLines.NewestAsync(home.Reader, budget, Overhead);

        Assert.Equal(expected, newest.Lines.Select(line => Encoding.Latin1.GetString(line.Bytes)));
        Assert.Equal(all.Length - expected.Count, newest.LeftOut);
    }

    private static async Task<List<string>> LinesAsync(LogReader log, long from)
    {
        var lines = new List<string>();
        await foreach (var part in LogLines.AllAsync(log, from))
        {
            Assert.True(part.Begins && part.Ends);
            lines.Add(Encoding.Latin1.GetString(part.Bytes.Span));
        }

        return lines;
    }
}
