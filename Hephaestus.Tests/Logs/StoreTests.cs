using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using Hephaestus.Server.Logs;
using Hephaestus.Server.Supervision;
using Hephaestus.Tests.Configuration;

namespace Hephaestus.Tests.Logs;

public sealed class StoreTests
{
    private static readonly LogSource s_out = LogSource.Out(0);

    [Fact]
    public void A_log_of_another_execution_that_bore_the_same_id_is_set_aside_and_not_written_over()
    {
        using var folder = new TemporaryFolder();
        var store = new LogStore(folder.Path, TimeProvider.System);
        for (var time = 1; time <= 3; time++)
        {
            using var log = store.Create(7, "plan"u8.ToArray());
            Assert.Equal(0, log.Head.Value.Records);
            new LogWriter(log, store.DirectoryOf(7)).Write(new LogAction(LogSource.Out(0), $"printed {time}\n"));
        }

        Assert.Equal(
            ["printed 1\n", "printed 2\n", "printed 3\n"],
            new[] { "7.1", "7.2", "7" }.Select(name => File.ReadAllText(Path.Combine(folder.Path, name, "001-1.out"))));
    }

    [Fact]
    public void A_new_log_has_its_plan_and_is_for_the_server_alone()
    {
        using var home = new LogHome();

        Assert.Equal("<plan id=\"x\"></plan>", File.ReadAllText(home.Store.PlanOf(LogHome.Execution)));
        Assert.Equal(["index", "plan.conf", "remarks"], Directory.GetFiles(home.Directory).Select(Path.GetFileName).Order());
        Assert.All(
            [home.Root, home.Directory, .. Directory.GetFiles(home.Directory)],
            path => Assert.Equal((0, 0), (Libc.Status(path, out var status), status.Mode & 0b111_111)));
    }

    [Fact]
    public void A_log_is_open_once()
    {
        using var home = new LogHome();

        Assert.Throws<InvalidOperationException>(() => home.Store.Open(LogHome.Execution, []));
        Assert.False(home.Store.Remove(LogHome.Execution));
        Assert.True(Directory.Exists(home.Directory));
    }

    [Fact]
    public void A_creation_that_was_cut_short_is_made_again()
    {
        using var home = new LogHome();
        Directory.CreateDirectory(home.Store.DirectoryOf(2));
        File.WriteAllText(home.Store.PlanOf(2), "<plan id=\"half of a longer text");

        using var log = home.Store.Create(2, "<plan id=\"y\"></plan>"u8.ToArray());

        Assert.Equal("<plan id=\"y\"></plan>", File.ReadAllText(home.Store.PlanOf(2)));
        Assert.Equal(0, log.Head.Value.Lines);
    }

    [Fact]
    public void A_creation_that_is_made_again_keeps_the_remarks()
    {
        using var home = ReadTests.Filled((LogSource.Remark, "----> Plan accepted"));
        home.Log.Dispose();

        using var again = home.Store.Create(LogHome.Execution, default);

        Assert.Equal((1, 20), (again.Head.Value.Lines, again.RemarkBytes));
    }

    [Fact]
    public void A_log_that_is_not_there_is_told()
    {
        using var home = new LogHome();

        Assert.Throws<IOException>(() => home.Store.Read(7, _ => ""));
        Assert.Throws<IOException>(() => home.Store.Open(7, []));
    }

    [Fact]
    public void Closing_gives_back_the_space_that_was_taken_ahead()
    {
        using var home = ReadTests.Filled((s_out, "line\n"));
        home.Log.EnsureRoom(1000);

        home.Log.Dispose();

        Assert.Equal(56, new FileInfo(Path.Combine(home.Directory, "index")).Length);
        Assert.InRange(BlocksOf(Path.Combine(home.Directory, "index")), 1, 8);
    }

    [Fact]
    public void Syncing_can_be_done_at_any_time()
    {
        using var home = ReadTests.Filled((s_out, "line\n"), (LogSource.Remark, "remark"));

        home.Log.Sync();
        home.Log.Sync();

        Assert.Equal(2, home.Log.Head.Value.Lines);
    }

    [Fact]
    public void A_record_lies_in_56_bytes_as_the_format_says()
    {
        var record = new IndexRecord(1, 2, 3, 4, 5, 6, new LogSource(0x0708), (RecordFlags)0x0005);
        var bytes = new byte[IndexRecord.Size];

        record.Write(bytes);

        var fields = Enumerable.Range(0, 6).Select(field => BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(8 * field)));
        Assert.Equal([1L, 2, 3, 4, 5, 6], fields);
        Assert.Equal("0807" + "0500", Convert.ToHexString(bytes.AsSpan(48, 4)));
        Assert.Equal(Crc32C(bytes.AsSpan(0, 52)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(52)));
        Assert.True(IndexRecord.TryRead(bytes, out var read));
        Assert.Equal(record, read);
    }

    [Fact]
    public void A_record_with_any_byte_changed_is_none()
    {
        var bytes = new byte[IndexRecord.Size];
        new IndexRecord(1, 2, 3, 4, 5, 6, s_out, RecordFlags.Late).Write(bytes);

        for (var at = 0; at < bytes.Length; at++)
        {
            var changed = bytes.ToArray();
            changed[at] ^= 0x10;
            Assert.False(IndexRecord.TryRead(changed, out _));
        }

        Assert.False(IndexRecord.TryRead(new byte[IndexRecord.Size], out _));
    }

    [Fact]
    public void The_checksum_is_that_of_RFC_3720()
    {
        // Appendix B.4: the numbers from 0 to 31.
        Assert.Equal(0x46DD794Eu, Crc32C([.. Enumerable.Range(0, 32).Select(value => (byte)value)]));
    }

    [Fact]
    public void Sources_are_told_apart_by_attempt_and_stream()
    {
        Assert.Equal([LogStream.Remark, LogStream.ErrorRemark, LogStream.Out, LogStream.Err, LogStream.Out], Streams(5));
        Assert.Equal([-1, -1, 0, 0, 1, 1, 2], Enumerable.Range(0, 7).Select(value => new LogSource((ushort)value).Attempt));
        var last = LogSource.Err(LogSource.MostAttempts - 1);
        Assert.Equal((LogSource.MostAttempts - 1, LogStream.Err), (last.Attempt, last.Stream));
        Assert.Throws<ArgumentOutOfRangeException>(() => LogSource.Out(LogSource.MostAttempts));
        Assert.Throws<ArgumentOutOfRangeException>(() => LogSource.Out(-1));
    }

    private static IEnumerable<LogStream> Streams(int count) =>
        Enumerable.Range(0, count).Select(value => new LogSource((ushort)value).Stream);

    /// <summary>Bit by bit, as the definition has it.</summary>
    private static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        var sum = ~0u;
        foreach (var each in bytes)
        {
            sum ^= each;
            for (var bit = 0; bit < 8; bit++) sum = (sum >> 1) ^ (0x82F63B78 & (uint)-(int)(sum & 1));
        }

        return ~sum;
    }

    /// <summary>In units of 512 bytes.</summary>
    private static long BlocksOf(string path)
    {
        using var stat = Process.Start(new ProcessStartInfo("stat", ["-c", "%b", path]) { RedirectStandardOutput = true })!;
        return long.Parse(stat.StandardOutput.ReadToEnd(), CultureInfo.InvariantCulture);
    }
}
