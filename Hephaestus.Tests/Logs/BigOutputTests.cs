using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using Hephaestus.Server.Logs;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Logs;

/// <summary>
/// Much output. HEPHAESTUS_TEST_SCALE=16 makes it 1 GiB in one line and 16 million lines; so much takes a while. These run
/// alone, since they look at what the whole process allocates.
/// </summary>
[Collection("alone")]
public sealed class BigOutputTests
{
    private static readonly LogSource s_out = LogSource.Out(0);

    private static readonly int s_scale =
        int.Parse(Environment.GetEnvironmentVariable("HEPHAESTUS_TEST_SCALE") ?? "1", CultureInfo.InvariantCulture);

    [Fact]
    public async Task A_line_of_any_length_is_pumped_followed_and_read_in_memory_that_does_not_grow_with_it()
    {
        using var home = new LogHome();
        var bytes = s_scale * 64L * 1024 * 1024;
        var follower = FollowAsync(home.Reader);

        var allocated = GC.GetTotalAllocatedBytes();
        await home.RunAsync($"head -c {bytes} /dev/zero | tr '\\0' x; echo; echo next");
        home.Log.Complete();
        var followed = await follower.DefaultTimeout();

        Assert.Equal((bytes + 1 + 5, 2L), followed);
        Assert.Equal(bytes + 1 + 5, new FileInfo(home.FileOf(s_out)).Length);
        Assert.InRange(GC.GetTotalAllocatedBytes() - allocated, 0, bytes / 8);
        Assert.Equal(["next\n"], (await home.ReadAsync(new LogQuery { Start = new LogStart.Tail(1) })).Texts);
        await AssertRestAsync(home.Reader, line: 1, offset: bytes - 10, "xxxxxxxxxx\nnext\n"u8.ToArray());
    }

    [Fact]
    public async Task Many_lines_are_read_alike_from_the_beginning_the_middle_and_the_end()
    {
        using var home = new LogHome();
        var lines = s_scale * 1_000_000;
        var allocated = GC.GetTotalAllocatedBytes();

        await home.RunAsync($"seq 1 {lines}");

        Assert.Equal(lines, home.Reader.Lines);
        await AssertNumbersAsync(home.Reader, new LogStart.From(LogCursor.Beginning), first: 1, lines);
        await AssertNumbersAsync(home.Reader, new LogStart.From(LogCursor.Beginning with { Line = lines / 2 }), lines / 2, lines);
        await AssertNumbersAsync(home.Reader, new LogStart.From(LogCursor.Beginning with { Line = lines }), lines, lines);
        await AssertNumbersAsync(home.Reader, new LogStart.Tail(12_345), lines - 12_344, lines);
        Assert.InRange(GC.GetTotalAllocatedBytes() - allocated, 0, lines * 4L);
    }

    [Fact]
    public async Task A_program_that_writes_byte_by_byte_does_not_cost_a_record_for_each()
    {
        using var home = new LogHome();
        var fifos = home.NewFifos();
        var attempt = home.Attach(fifos);
        var clock = Stopwatch.StartNew();
        using (var program = Fifos.Writer(fifos.Out))
        {
            for (var n = 0; n < 50_000; n++) program.Write(n % 10 == 9 ? "\n"u8 : "x"u8);
        }

        await attempt.DrainAsync().DefaultTimeout();

        Assert.Equal(5000, home.Log.Head.Value.Lines);
        Assert.InRange(home.Log.Head.Value.Records, 1, 2 + (clock.ElapsedMilliseconds / 5));
    }

    [Fact]
    public async Task What_a_chatty_output_is_worth_in_records_does_not_grow_with_its_speed()
    {
        using var home = new LogHome();

        await home.RunAsync("head -c 50000000 /dev/zero");

        Assert.InRange(home.Log.Head.Value.Records, 1, (50_000_000 / (64 * 1024)) + 300);
    }

    private static async Task<(long Bytes, long Lines)> FollowAsync(LogReader log)
    {
        var (bytes, lines) = (0L, 0L);
        await foreach (var batch in log.ReadAsync(new LogQuery()))
        {
            foreach (var piece in batch.Pieces)
            {
                bytes += piece.Data.Length;
                lines += piece.Data.Span.Count((byte)'\n');
            }
        }

        return (bytes, lines);
    }

    private static async Task AssertRestAsync(LogReader log, long line, long offset, byte[] expected)
    {
        var rest = new MemoryStream();
        var query = new LogQuery { Start = new LogStart.From(new LogCursor(line, offset, [])), UntilNow = true };
        await foreach (var batch in log.ReadAsync(query))
        {
            foreach (var piece in batch.Pieces) rest.Write(piece.Data.Span);
        }

        Assert.Equal(expected, rest.ToArray());
    }

    /// <summary>Every line is its number.</summary>
    private static async Task AssertNumbersAsync(LogReader log, LogStart start, long first, long last)
    {
        var next = first;
        await foreach (var batch in log.ReadAsync(new LogQuery { Start = start, UntilNow = true }))
        {
            foreach (var piece in batch.Pieces)
            {
                Assert.Equal(next, piece.FirstLine);
                next = AssertNumbers(piece.Data.Span, next);
            }
        }

        Assert.Equal(last + 1, next);
    }

    private static long AssertNumbers(ReadOnlySpan<byte> lines, long next)
    {
        for (; lines.Length > 0; next++)
        {
            if (!Utf8Parser.TryParse(lines, out long number, out var length) || number != next || lines[length] != '\n')
            {
                Assert.Fail($"line {next} is something else");
            }

            lines = lines[(length + 1)..];
        }

        return next;
    }
}

/// <summary>Tests that run while no other does.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class AloneCollection;
