using System.Text;
using Hephaestus.Server.Logs;
using Hephaestus.Server.Supervision;
using Hephaestus.Tests.EndToEnd;
using Hephaestus.Tests.Journal;

namespace Hephaestus.Tests.Logs;

public sealed class FullDiskTests
{
    private static readonly PumpOptions s_soon = new() { SpaceRetry = TimeSpan.FromMilliseconds(20) };
    private static readonly LogSource s_out = LogSource.Out(0);

    [FactForRoot]
    public Task A_full_disk_leaves_the_output_in_its_fifo_until_there_is_space() => WaitsForSpaceAsync(s_soon);

    [FactForRoot]
    public Task So_it_is_where_splice_is_refused() => WaitsForSpaceAsync(s_soon with { Copy = true });

    [FactForRoot]
    public async Task A_step_that_begins_on_a_full_disk_loses_nothing()
    {
        await using var disk = await SmallDisk.MountAsync();
        using var home = new LogHome(s_soon, disk.Directory.Root);
        var fifos = home.NewFifos();
        var filler = disk.Fill();
        var attempt = home.Attach(fifos);
        using (var writer = Fifos.Writer(fifos.Out)) writer.Write("waits"u8);
        await home.Pump.Stall.UntilAsync(stall => stall.Sources == 1);
        Assert.Equal(5, fifos.Waiting);

        var draining = attempt.DrainAsync();
        File.Delete(filler);

        Assert.Equal(new OutputLengths(5, 0), await draining.DefaultTimeout());
        Assert.Equal(["waits"], (await home.ReadAsync()).Texts);
    }

    [FactForRoot]
    public async Task A_remark_that_finds_no_space_is_not_begun_and_can_be_made_again()
    {
        await using var disk = await SmallDisk.MountAsync();
        using var home = new LogHome(s_soon, disk.Directory.Root);
        home.Log.AppendRemark(DateTimeOffset.UnixEpoch, "----> before", error: false);
        var filler = disk.Fill();
        var text = "----> " + new string('x', 10_000);

        var refused = Assert.Throws<IOException>(() => home.Log.AppendRemark(DateTimeOffset.UnixEpoch, text, error: false));
        Assert.Contains("space", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, home.Reader.Lines);
        File.Delete(filler);
        home.Log.AppendRemark(DateTimeOffset.UnixEpoch, text, error: true);

        Assert.Equal(["----> before\n", text + "\n"], (await home.ReadAsync()).Texts);
        Assert.Equal(NaiveLog.Read(home.Directory).Lines, (await home.ReadAsync()).Lines);
    }

    [FactForRoot]
    public async Task A_killed_server_s_log_is_mended_in_the_space_that_it_took_ahead()
    {
        await using var disk = await SmallDisk.MountAsync();
        using var home = new LogHome(s_soon, disk.Directory.Root);
        var fifos = home.NewFifos();
        using var writer = Fifos.Writer(fifos.Out);
        home.Attach(fifos);
        writer.Write("recorded\n"u8);
        await home.Log.Head.UntilAsync(head => head.Lines == 1);
        await File.AppendAllTextAsync(home.FileOf(s_out), "moved, not recorded\n");
        disk.Fill();

        // The killed server gives nothing back; this one stands for it and is not looked at any more.
        var files = new[] { new LogFile(s_out, home.FileOf(s_out)) };
        using var next = new LogStore(home.Root, TimeProvider.System).Open(LogHome.Execution, files);

        Assert.Equal(2, next.Head.Value.Lines);
        Assert.Equal(["recorded\n", "moved, not recorded\n"], NaiveLog.Read(home.Directory).Lines.Select(line => line.Bytes));
    }

    private static async Task WaitsForSpaceAsync(PumpOptions options)
    {
        await using var disk = await SmallDisk.MountAsync();
        using var home = new LogHome(options, disk.Directory.Root);
        var fifos = home.NewFifos();
        var attempt = home.Attach(fifos);
        var expected = string.Concat(Enumerable.Range(1, 400_000 / 8).Select(number => $"{number:0000000}\n"));
        using var writer = Fifos.Writer(fifos.Out);
        writer.Write(Encoding.Latin1.GetBytes(expected[..8000]));
        await home.Log.Head.UntilAsync(head => head.Lines == 1000);
        var filler = disk.Fill();

        var writing = Task.Run(() => writer.Write(Encoding.Latin1.GetBytes(expected[8000..])));
        var stall = await home.Pump.Stall.UntilAsync(stall => stall.Sources == 1);
        Assert.Contains("space", stall.Reason, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(home.FileOf(s_out)), stall.Reason, StringComparison.Ordinal);

        // Bytes that were read wait in memory, and the writer has perhaps not filled up the FIFO yet.
        Assert.True(options.Copy || fifos.Waiting > 0);
        Assert.False(writing.IsCompleted);

        File.Delete(filler);
        await writing.DefaultTimeout();
        await attempt.DrainAsync().DefaultTimeout();

        Assert.Equal(new PumpStall(0, null), home.Pump.Stall.Value);
        Assert.Equal(expected, Encoding.Latin1.GetString(home.BytesOf(s_out)));
        Assert.Equal(NaiveLog.Read(home.Directory).Lines, (await home.ReadAsync()).Lines);
    }
}
