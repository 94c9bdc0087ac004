using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Hephaestus.Server.Logs;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Logs;

/// <summary>Lines as dumps and the old status show them.</summary>
public sealed class LineTests
{
    private const int Overhead = 10;
    private const int Most = 1000;

    private static readonly LogSource s_out = LogSource.Out(0);

    [Fact]
    public async Task A_line_has_its_local_time_and_whether_it_is_an_error_before_it()
    {
        using var home = new LogHome();
        home.Log.AppendRemark(new DateTimeOffset(2026, 3, 4, 5, 6, 7, TimeSpan.Zero), "----> one\n----> two", error: false);
        new LogWriter(home.Log, home.Directory).Write(new LogAction(LogSource.Err(0), "oops\n"));

        var lines = await LinesAsync(home);

        var time = new DateTimeOffset(2026, 3, 4, 5, 6, 7, TimeSpan.Zero).ToLocalTime();
        Assert.Equal($"{time:yyyy-MM-dd HH:mm:ss} I ----> one", lines[0]);
        Assert.Equal($"{time:yyyy-MM-dd HH:mm:ss} I ----> two", lines[1]);
        Assert.Equal("E oops", lines[2][(LogText.PrefixLength - 2)..]);
    }

    [Fact]
    public async Task Lines_are_those_that_the_program_printed_however_they_are_cut_into_batches()
    {
        var longLine = new string('x', 300);
        using var home = ReadTests.Filled(
            (s_out, "one\n\nthr"), (LogSource.Remark, "remark"), (s_out, "ee\r\n" + longLine), (s_out, null));

        foreach (var bytes in new[] { 1, 2, 3, 100, 64 * 1024 })
        {
            var lines = await LinesAsync(home, bytes);
            Assert.Equal(["one", "", "remark", "three\r", longLine], lines.Select(line => line[LogText.PrefixLength..]));
        }
    }

    /// <summary>Whoever wants the newest lines that fit begins there, and leaves out what does not fit after all.</summary>
    [Fact]
    public void From_the_line_within_so_many_bytes_on_there_are_all_lines_that_fit() =>
        Prop.ForAll(LogAction.Some.ToArbitrary(), Gen.Choose(0, 400).ToArbitrary(), (actions, budget) =>
        {
            using var home = new LogHome();
            new LogWriter(home.Log, home.Directory).Write(actions);
            var lines = NaiveLog.Read(home.Directory).Lines;
            var (fits, left) = (lines.Count + 1, budget);
            while (fits > 1 && (left -= Math.Min(lines[fits - 2].Bytes.TrimEnd('\n').Length, Most) + Overhead) >= 0) fits--;

            Assert.InRange(home.Reader.FirstLineWithin(budget, Overhead, Most), 1, fits);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_line_within_so_many_bytes_lies_little_before_those_that_fit()
    {
        var lines = Enumerable.Range(1, 1000).Select(number => (s_out, (string?)$"line {number:0000}\n"));
        using var home = ReadTests.Filled([.. lines]);

        Assert.InRange(home.Reader.FirstLineWithin(1900, Overhead, Most), 890, 901);
    }

    [Fact]
    public void What_belongs_to_no_complete_line_takes_no_room()
    {
        using var home = ReadTests.Filled(
            (s_out, "a\nb\n"), (LogSource.Err(0), new string('\r', 5000)), (s_out, new string('.', 5000)));

        Assert.Equal(1, home.Reader.FirstLineWithin(100, Overhead, Most));
    }

    [Fact]
    public void A_very_long_line_takes_no_more_room_than_what_is_shown_of_it()
    {
        using var home = ReadTests.Filled((s_out, "before\n"), (s_out, new string('x', 1_000_000) + "\n"), (s_out, "after\n"));

        Assert.Equal(1, home.Reader.FirstLineWithin(Most + 100, Overhead, Most));
    }

    private static async Task<List<string>> LinesAsync(LogHome home, int batchBytes = 64 * 1024)
    {
        var lines = new List<string>();
        var line = new StringBuilder();
        var query = new LogQuery { UntilNow = true, WholeLines = true, BatchBytes = batchBytes };
        await foreach (var batch in home.Reader.ReadAsync(query))
        {
            foreach (var part in batch.Pieces.SelectMany(LogText.Lines))
            {
                line.Append(Encoding.Latin1.GetString(part.Prefix.Span)).Append(Encoding.Latin1.GetString(part.Text.Span));
                if (part.Ends)
                {
                    lines.Add(line.ToString());
                    line.Clear();
                }
            }
        }

        return lines;
    }
}
