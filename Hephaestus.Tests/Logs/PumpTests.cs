using System.Text;
using Hephaestus.Server.Logs;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Logs;

public sealed class PumpTests
{
    private static readonly LogSource s_out = LogSource.Out(0);
    private static readonly LogSource s_err = LogSource.Err(0);

    public static TheoryData<string, string> Scripts => new()
    {
        { "printf 'one\\ntwo\\n'", "one\ntwo\n" },
        { "printf 'no newline at the end'", "no newline at the end" },
        { "printf '\\n\\n\\n'", "\n\n\n" },
        { "printf 'a\\0b\\n\\0'", "a\0b\n\0" },
        { "printf '\\xff\\xfe\\xc3\\n\\xe4'", "\xff\xfe\xc3\n\xe4" },
        { "printf '10%%\\r20%%\\r\\n'", "10%\r20%\r\n" },
        { "for c in b y t e $'\\n' b y; do printf '%s' \"$c\"; done", "byte\nby" },
        { "printf 'a\\n' >/dev/stdout; printf 'b\\n' >>/dev/stdout", "a\nb\n" },
        { "exec >&-; exec 2>&-; exit 3", "" },
        { "true", "" },
    };

    [Theory]
    [MemberData(nameof(Scripts))]
    public async Task The_file_holds_exactly_the_bytes_that_the_program_wrote(string script, string written)
    {
        using var home = new LogHome();

        await home.RunAsync(script);

        Assert.Equal(written, Encoding.Latin1.GetString(home.BytesOf(s_out)));
        var received = await home.ReadAsync();
        Assert.Equal(written, received.All(s_out));
        Assert.Equal("", received.Begun(s_out));
        Assert.Equal(NaiveLog.Read(home.Directory).Lines, received.Lines);
        Assert.Equal(written.Length > 0, File.Exists(home.FileOf(s_out)));
        Assert.False(File.Exists(home.FileOf(s_err)));
    }

    [Fact]
    public async Task Both_streams_at_once_keep_each_its_own_bytes()
    {
        using var home = new LogHome();

        await home.RunAsync("""
            (for i in {1..3000}; do echo "out $i"; done) & (for i in {1..3000}; do echo "err $i"; done) >&2
            wait
            """);

        var received = await home.ReadAsync();
        Assert.Equal(Lines("out", 3000), received.All(s_out));
        Assert.Equal(Lines("err", 3000), received.All(s_err));
        Assert.Equal(Enumerable.Range(1, 6000).Select(number => (long)number), received.Lines.Select(line => line.Number));
        Assert.Equal(NaiveLog.Read(home.Directory).Lines, received.Lines);
    }

    [Fact]
    public async Task More_than_any_fifo_holds_comes_through()
    {
        using var home = new LogHome();

        await home.RunAsync("seq 1 400000; seq 1 400000 >&2");

        var expected = string.Concat(Enumerable.Range(1, 400_000).Select(number => $"{number}\n"));
        Assert.Equal(expected, Encoding.Latin1.GetString(home.BytesOf(s_out)));
        Assert.Equal(expected, Encoding.Latin1.GetString(home.BytesOf(s_err)));
        Assert.Equal(800_000, home.Reader.Lines);
    }

    [Fact]
    public async Task A_step_whose_process_has_ended_is_drained_though_somebody_holds_its_output()
    {
        using var home = new LogHome();
        var fifos = home.NewFifos();
        using var background = Fifos.Writer(fifos.Out);
        using var step = fifos.Start("printf 'the step itself'");
        var attempt = home.Attach(fifos);

        await step.WaitForExitAsync().DefaultTimeout();
        var lengths = await attempt.DrainAsync().DefaultTimeout();

        Assert.Equal(new OutputLengths(15, 0), lengths);
        Assert.Equal(["the step itself"], (await home.ReadAsync()).Texts);
        Assert.False(attempt.Finished.IsCompleted);
    }

    [Fact]
    public async Task What_a_background_process_prints_afterwards_is_late_output_until_it_closes()
    {
        using var home = new LogHome();
        var fifos = home.NewFifos();
        using var step = fifos.Start("echo before");
        var background = Fifos.Writer(fifos.Out);
        var attempt = home.Attach(fifos);
        await step.WaitForExitAsync().DefaultTimeout();
        await attempt.DrainAsync().DefaultTimeout();

        background.Write("late\nand later"u8);
        background.Dispose();

        Assert.Equal(new LateOutput(StillHeld: false, 14), await attempt.Finished.DefaultTimeout());
        Assert.Equal(["before\n", "late\n", "and later"], (await home.ReadAsync()).Texts);
        Assert.Equal([(false, "before\n"), (true, "late\n"), (true, "and later")], await PiecesAsync(home));
    }

    [Fact]
    public async Task Late_output_is_waited_for_no_longer_than_it_may_be()
    {
        using var home = new LogHome(new PumpOptions { LateOutput = TimeSpan.FromMilliseconds(50) });
        var fifos = home.NewFifos();
        using var background = Fifos.Writer(fifos.Out);
        var attempt = home.Attach(fifos);
        await attempt.DrainAsync().DefaultTimeout();

        Assert.Equal(new LateOutput(StillHeld: true, 0), await attempt.Finished.DefaultTimeout());
        Assert.Equal(["0-err.fifo", "0-out.fifo", "0-out.fifo"], HeldByTheTest(home));
    }

    [Fact]
    public async Task A_fifo_that_nobody_has_opened_yet_is_waited_for()
    {
        using var home = new LogHome();
        var fifos = home.NewFifos();
        var attempt = home.Attach(fifos);

        using var step = fifos.Start("echo started after the pump");
        await step.WaitForExitAsync().DefaultTimeout();
        await attempt.DrainAsync().DefaultTimeout();

        Assert.Equal(["started after the pump\n"], (await home.ReadAsync()).Texts);
    }

    [Fact]
    public async Task A_fifo_whose_writers_have_all_gone_before_it_is_attached_is_emptied_and_ends()
    {
        using var home = new LogHome();
        var fifos = home.NewFifos();
        using var step = fifos.Start("echo gone; echo gone too >&2");
        await step.WaitForExitAsync().DefaultTimeout();

        var attempt = home.Attach(fifos);

        Assert.Equal(new OutputLengths(5, 9), await attempt.DrainAsync().DefaultTimeout());
        Assert.Equal(new LateOutput(false, 0), await attempt.Finished.DefaultTimeout());
    }

    [Fact]
    public async Task What_is_written_to_a_fifo_that_all_had_left_is_there_when_it_is_drained()
    {
        using var home = new LogHome();
        var fifos = home.NewFifos();
        var attempt = home.Attach(fifos);
        using (var first = Fifos.Writer(fifos.Out)) first.Write("first\n"u8);
        await home.Log.Head.UntilAsync(head => head.Lines == 1);
        using (var second = Fifos.Writer(fifos.Out)) second.Write("second\n"u8);

        Assert.Equal(new OutputLengths(13, 0), await attempt.DrainAsync().DefaultTimeout());
        Assert.Equal(["first\n", "second\n"], (await home.ReadAsync()).Texts);
    }

    [Fact]
    public async Task A_drain_has_all_that_was_written_before_it_however_the_writes_fall()
    {
        using var home = new LogHome();
        var fifos = Enumerable.Range(0, 100).Select(_ => home.NewFifos()).ToArray();
        for (var n = 0; n < fifos.Length; n++)
        {
            var attempt = home.Attach(fifos[n]);
            using (var writer = Fifos.Writer(fifos[n].Out))
            {
                writer.Write("begins a turn"u8);
                Thread.SpinWait(n * 60);
                writer.Write("ends while that goes on"u8);
            }

            var lengths = await attempt.DrainAsync().DefaultTimeout();

            Assert.Equal(36, lengths.Out);
            await attempt.Finished.DefaultTimeout();
        }
    }

    [Fact]
    public async Task A_filesystem_that_refuses_splice_is_read_and_written()
    {
        using var home = new LogHome(new PumpOptions { Copy = true });

        await home.RunAsync("printf 'a\\0\\xff\\n'; seq 1 100000; printf end");

        Assert.False(home.Pump.Splices);
        var expected = "a\0\xff\n" + string.Concat(Enumerable.Range(1, 100_000).Select(number => $"{number}\n")) + "end";
        Assert.Equal(expected, Encoding.Latin1.GetString(home.BytesOf(s_out)));
        Assert.Equal(NaiveLog.Read(home.Directory).Lines, (await home.ReadAsync()).Lines);
    }

    [Fact]
    public void Splice_is_tried_where_the_logs_are_and_leaves_nothing_behind()
    {
        using var home = new LogHome();

        Assert.True(home.Pump.Splices);
        Assert.Equal([home.Directory], Directory.GetFileSystemEntries(home.Root));
    }

    [Fact]
    public void An_attempt_whose_second_fifo_is_missing_holds_nothing()
    {
        using var home = new LogHome();
        var fifos = home.NewFifos();
        File.Delete(fifos.Err);
        var before = Descriptors.Below(home.Directory).Length;

        Assert.Throws<IOException>(() => home.Attach(fifos));

        Assert.Equal(before, Descriptors.Below(home.Directory).Length);
    }

    [Fact]
    public async Task A_pump_that_stops_cancels_what_is_waited_for_and_leaves_the_rest_to_the_next()
    {
        using var home = new LogHome();
        var fifos = home.NewFifos();
        var attempt = home.Attach(fifos);
        using var writer = Fifos.Writer(fifos.Out);
        writer.Write("seen\nbegun"u8);
        await home.Log.Head.UntilAsync(head => head.Lines == 1);

        home.Restart();
        writer.Write(" and ended\nunended"u8);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => attempt.Finished.DefaultTimeout());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => attempt.DrainAsync().DefaultTimeout());
        var next = home.Attach(fifos);
        Assert.Equal(new OutputLengths(28, 0), await next.DrainAsync().DefaultTimeout());
        Assert.Equal(["seen\n", "begun and ended\n", "unended"], (await home.ReadAsync()).Texts);
    }

    [Fact]
    public async Task Late_output_goes_on_after_a_restart()
    {
        using var home = new LogHome();
        var fifos = home.NewFifos();
        var attempt = home.Attach(fifos);
        var background = Fifos.Writer(fifos.Out);
        background.Write("step"u8);
        await attempt.DrainAsync().DefaultTimeout();
        background.Write("late"u8);
        await home.Log.Head.UntilAsync(head => head.Unfinished is [{ Late: true }]);
        home.Log.Complete();

        home.Restart();
        home.Log.Complete();
        var next = home.Attach(fifos, late: true);
        background.Write("r\n"u8);
        background.Dispose();

        Assert.False((await next.Finished.DefaultTimeout()).StillHeld);
        Assert.Equal(["step", "later\n"], (await home.ReadAsync()).Texts);
    }

    private static IEnumerable<string?> HeldByTheTest(LogHome home) =>
        Descriptors.Below(home.Directory).Where(path => Path.GetExtension(path) == ".fifo").Select(Path.GetFileName).Order();

    private static async Task<List<(bool Late, string Text)>> PiecesAsync(LogHome home)
    {
        var pieces = new List<(bool, string)>();
        await foreach (var batch in home.Reader.ReadAsync(new LogQuery { UntilNow = true }))
        {
            pieces.AddRange(batch.Pieces.Select(piece => (piece.Late, Encoding.Latin1.GetString(piece.Data.Span))));
        }

        return pieces;
    }

    private static string Lines(string what, int count) =>
        string.Concat(Enumerable.Range(1, count).Select(number => $"{what} {number}\n"));
}
