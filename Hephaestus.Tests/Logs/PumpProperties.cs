using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Hephaestus.Server.Logs;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Logs;

public sealed class PumpProperties
{
    private static readonly Config s_config = Config.QuickThrowOnFailure.WithMaxTest(60);

    [Fact]
    public void However_output_is_cut_into_writes_its_bytes_and_lines_are_the_same() =>
        Prop.ForAll(Writes().ToArbitrary(), writes => CheckAsync(writes, restarts: false).Await())
            .Check(s_config);

    [Fact]
    public void So_are_they_when_servers_come_and_go_between_the_writes() =>
        Prop.ForAll(Writes().ToArbitrary(), writes => CheckAsync(writes, restarts: true).Await())
            .Check(s_config);

    private static async Task CheckAsync(Write[] writes, bool restarts)
    {
        using var home = new LogHome(new PumpOptions { Unfinished = TimeSpan.FromMilliseconds(1) });
        var fifos = home.NewFifos();
        var attempt = home.Attach(fifos);
        using (var output = Fifos.Writer(fifos.Out))
        using (var error = Fifos.Writer(fifos.Err))
        {
            foreach (var write in writes)
            {
                (write.Error ? error : output).Write(Encoding.Latin1.GetBytes(write.Text));
                if (restarts && write.Restart)
                {
                    home.Restart();
                    attempt = home.Attach(fifos);
                }
            }
        }

        var lengths = await attempt.DrainAsync();
        await attempt.Finished;

        var (expectedOut, expectedErr) = (Written(writes, error: false), Written(writes, error: true));
        Assert.Equal(new OutputLengths(expectedOut.Length, expectedErr.Length), lengths);
        Assert.Equal(expectedOut, Encoding.Latin1.GetString(home.BytesOf(fifos.OutSource)));
        Assert.Equal(expectedErr, Encoding.Latin1.GetString(home.BytesOf(fifos.ErrSource)));
        var received = await home.ReadAsync();
        Assert.Equal(LinesOf(expectedOut), received.LinesOf(fifos.OutSource));
        Assert.Equal(LinesOf(expectedErr), received.LinesOf(fifos.ErrSource));
        Assert.Equal(NaiveLog.Read(home.Directory).Lines, received.Lines);
    }

    private static string Written(Write[] writes, bool error) =>
        string.Concat(writes.Where(write => write.Error == error).Select(write => write.Text));

    private static IEnumerable<string> LinesOf(string text)
    {
        var lines = text.Split('\n');
        return [.. lines.SkipLast(1).Select(line => line + '\n'), .. lines.TakeLast(1).Where(line => line.Length > 0)];
    }

    private static Gen<Write[]> Writes() => OneWrite().ArrayOf();

    private static Gen<Write> OneWrite() =>
        from error in Gen.Elements(true, false)
        from text in Gen.Frequency((8, Texts.Any), (1, Gen.Choose(1, 30_000).Select(length => new string('x', length))))
        from restart in Gen.Frequency((4, Gen.Constant(false)), (1, Gen.Constant(true)))
        select new Write(error, text, restart);

    private sealed record Write(bool Error, string Text, bool Restart);
}
