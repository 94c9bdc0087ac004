using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Hephaestus.Server.Logs;
using Hephaestus.Tests.Configuration;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Logs;

/// <summary>Logs as a kill or lost power leaves them, at any point.</summary>
public sealed class RecoveryProperties
{
    private static readonly Config s_config = Config.QuickThrowOnFailure.WithMaxTest(100);

    /// <summary>A kill leaves all bytes in the files, and of the index a beginning, its last record perhaps torn.</summary>
    [Fact]
    public void After_a_kill_at_any_point_the_lines_that_were_told_stay_as_they_are_and_no_byte_is_missing() =>
        Prop.ForAll(LogAction.Some.ToArbitrary(), Percent(), Percent(), (actions, kept, read) =>
            CheckKillAsync(actions, kept, read).Await()).Check(s_config);

    /// <summary>Lost power may leave any length of any file.</summary>
    [Fact]
    public void After_lost_power_what_is_left_of_the_files_is_read_and_written_on() =>
        Prop.ForAll(LogAction.Some.ToArbitrary(), Gen.Choose(0, 100).ArrayOf(8).ToArbitrary(), (actions, kept) =>
            CheckPowerAsync(actions, kept).Await()).Check(s_config);

    [Fact]
    public void After_a_hole_in_the_index_the_lines_before_it_stay_as_they_are() =>
        Prop.ForAll(LogAction.Some.ToArbitrary(), Percent(), (actions, at) =>
            CheckHoleAsync(actions, at).Await()).Check(s_config);

    private static async Task CheckKillAsync(LogAction[] actions, int kept, int read)
    {
        using var home = new LogHome();
        new LogWriter(home.Log, home.Directory).Write(actions);
        var whole = NaiveLog.Read(home.Directory);
        var told = LinesKept(home.Directory, kept);
        var client = await ReadAsync(home.Store, home.Directory, lines: Math.Min(Share(whole.Lines.Count, read), told));

        using var killed = new Killed(home, length => Share(length, kept));
        using var log = killed.Open();
        var survived = NaiveLog.Read(killed.Directory);

        Assert.Equal(whole.Lines.Take(told), survived.Lines.Take(told));
        AssertCovers(killed, survived);
        AssertSameOutputs(whole, survived);

        // The client goes on where it was: with the lines that it knows, all is as if nothing had happened.
        await foreach (var batch in killed.Reader.ReadAsync(From(client.Next))) client.Add(batch);
        Assert.Equal(survived.Lines, client.Lines);
    }

    private static async Task CheckPowerAsync(LogAction[] actions, int[] kept)
    {
        using var home = new LogHome();
        new LogWriter(home.Log, home.Directory).Write(actions);
        var next = 0;

        using var killed = new Killed(home, length => Share(length, kept[next++ % kept.Length]), cutsAll: true);
        using var log = killed.Open();
        var survived = NaiveLog.Read(killed.Directory);

        AssertCovers(killed, survived);
        Assert.Equal(new FileInfo(killed.FileOf(LogSource.Remark)).Length, log.RemarkBytes);
        new LogWriter(log, killed.Directory).Write(actions);
        var received = await ReadAsync(killed.Store, killed.Directory, int.MaxValue);
        Assert.Equal(NaiveLog.Read(killed.Directory).Lines, received.Lines);
    }

    private static async Task CheckHoleAsync(LogAction[] actions, int at)
    {
        using var home = new LogHome();
        new LogWriter(home.Log, home.Directory).Write(actions);
        var whole = NaiveLog.Read(home.Directory);
        var hole = Share(whole.Records, at);
        using var killed = new Killed(home, length => length);
        using (var index = File.OpenWrite(Path.Combine(killed.Directory, "index")))
        {
            index.Position = hole * 56;
            index.Write(new byte[(int)Math.Min(56, index.Length - index.Position)]);
        }

        using var log = killed.Open();

        var told = hole < whole.Records ? LinesBefore(home.Directory, hole) : whole.Lines.Count;
        Assert.Equal(whole.Lines.Take(told), (await ReadAsync(killed.Store, killed.Directory, int.MaxValue)).Lines.Take(told));
        AssertCovers(killed, NaiveLog.Read(killed.Directory));
    }

    /// <summary>Everything in the output files is in the index, and of the remarks what the index knows.</summary>
    private static void AssertCovers(Killed killed, NaiveLog survived) => Assert.All(killed.Outputs, output =>
        Assert.Equal(File.Exists(output.Path) ? new FileInfo(output.Path).Length : 0, survived.Covered(output.Source)));

    /// <summary>Of each output the same lines, whatever their numbers; ends without a newline may have been lost.</summary>
    private static void AssertSameOutputs(NaiveLog whole, NaiveLog survived)
    {
        foreach (var source in whole.Lines.Select(line => line.Source).Where(source => !source.IsRemark).Distinct())
        {
            Assert.Equal(Text(whole, source), Text(survived, source));
        }
    }

    private static string Text(NaiveLog log, LogSource source)
    {
        var text = string.Concat(log.Lines.Where(line => line.Source == source).Select(line => line.Bytes));
        return text[..(text.LastIndexOf('\n') + 1)];
    }

    private static async Task<Received> ReadAsync(LogStore store, string directory, int lines)
    {
        var received = new Received();
        var query = new LogQuery { UntilNow = true, WholeLines = true, BatchBytes = 1 };
        await foreach (var batch in store.Read(LogHome.Execution, source => LogHome.FileOf(directory, source)).ReadAsync(query))
        {
            if (received.Lines.Count >= lines) break;
            received.Add(batch);
        }

        return received;
    }

    private static LogQuery From(LogCursor cursor) =>
        new() { Start = new LogStart.From(cursor), UntilNow = true, WholeLines = true };

    /// <summary>Lines that the whole records in the first part of the index tell.</summary>
    private static int LinesKept(string directory, int percent) =>
        LinesBefore(directory, Share(new FileInfo(Path.Combine(directory, "index")).Length, percent) / 56);

    private static int LinesBefore(string directory, long records)
    {
        using var part = new TemporaryFolder();
        foreach (var file in Directory.GetFiles(directory)) File.Copy(file, part.At(Path.GetFileName(file)));
        using (var index = File.OpenWrite(part.At("index"))) index.SetLength(records * 56);
        return NaiveLog.Read(part.Path).Lines.Count;
    }

    private static int Share(long whole, int percent) => (int)(whole * percent / 100);

    private static Arbitrary<int> Percent() => Gen.Choose(0, 100).ToArbitrary();
}
