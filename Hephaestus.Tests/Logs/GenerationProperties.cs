using FsCheck;
using FsCheck.Fluent;
using Hephaestus.Server.Logs;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Logs;

/// <summary>
/// Power is lost again and again: each time any part of each file is left, and the next boot writes on. Whoever read at any
/// time goes on with the lines that follow, or is told that what he has seen is lost: he never gets other content.
/// </summary>
public sealed class GenerationProperties
{
    private static readonly Config s_config = Config.QuickThrowOnFailure.WithMaxTest(150);

    [Fact]
    public void A_position_meets_what_followed_it_or_is_refused_however_often_power_is_lost() =>
        Prop.ForAll(Boot.Some.ToArbitrary(), boots => CheckAsync(boots).Await()).Check(s_config);

    [Fact]
    public void What_was_kept_is_not_refused()
    {
        using var home = new LogHome();
        new LogWriter(home.Log, home.Directory).Write(new LogAction(LogSource.Out(0), "a\nb\nc"));
        using var next = Killed.ByPower(home.Directory, length => length, "another");
        using var log = next.Open();
        new LogWriter(log, next.Directory).Write(new LogAction(LogSource.Remark, "d"));

        var received = ReadAsync(next, new LogCursor(3, 0, [new DeliveredPart(LogSource.Out(0), 4, 1)], 1)).Await();

        Assert.Equal(["d\n"], received!.Lines.Select(line => line.Bytes));
        Assert.Equal(2, received.Next.Generation);
    }

    [Fact]
    public void A_position_of_a_generation_that_is_to_come_is_refused()
    {
        using var home = new LogHome();
        new LogWriter(home.Log, home.Directory).Write(new LogAction(LogSource.Out(0), "a\n"));

        var query = new LogQuery { Start = new LogStart.From(new LogCursor(1, 0, [], 2)), UntilNow = true };
        Assert.Throws<LogPositionException>(() => home.ReadAsync(query).Await());
    }

    private static async Task CheckAsync(Boot[] boots)
    {
        using var first = new LogHome();
        var clients = new List<Received>();
        var log = first.Log;
        var (directory, reader) = (first.Directory, first.Reader);
        var lost = new Stack<Killed>();
        try
        {
            foreach (var (number, boot) in boots.Index())
            {
                new LogWriter(log, directory).Write(boot.ActionsOf(number));
                clients.Add(await SeenAsync(reader, boot.Read));
                var next = 0;
                var after = Killed.ByPower(directory, length => length * boot.Kept[next++ % boot.Kept.Length] / 100, $"boot-{number}");
                lost.Push(after);
                log.Dispose();
                log = after.Open();
                (directory, reader) = (after.Directory, after.Reader);
            }

            new LogWriter(log, directory).Write(boots.SelectMany(boot => boot.ActionsOf(boots.Length)));
            var now = NaiveLog.Read(directory);
            foreach (var client in clients)
            {
                await AssertGoesOnAsync(client, reader, now, mayBeRefused: boots.Any(boot => boot.Kept.Any(kept => kept < 100)));
            }
        }
        finally
        {
            log.Dispose();
            foreach (var killed in lost)
            {
                killed.Dispose();
            }
        }
    }

    /// <summary>Refused only where something that was seen is not there any more, and then with a line from which on all is there.</summary>
    private static async Task AssertGoesOnAsync(Received client, LogReader reader, NaiveLog now, bool mayBeRefused)
    {
        var seen = client.Lines.ToArray();
        try
        {
            await foreach (var batch in reader.ReadAsync(From(client.Next)))
            {
                client.Add(batch);
            }

            Assert.Equal(now.Lines, client.Lines);
        }
        catch (LogPositionException beyond) when (mayBeRefused)
        {
            Assert.InRange(beyond.Next, 1, now.Lines.Count + 1);
            Assert.Equal(now.Lines.Take((int)beyond.Next - 1), seen.Take((int)beyond.Next - 1));
        }
    }

    /// <summary>Reads so many lines, and what is begun when all were read.</summary>
    private static async Task<Received> SeenAsync(LogReader reader, int percent)
    {
        var received = new Received();
        var most = reader.Lines * percent / 100;
        await foreach (var batch in reader.ReadAsync(new LogQuery { UntilNow = true, WholeLines = percent < 100, BatchBytes = 1 }))
        {
            if (percent < 100 && received.Lines.Count >= most)
            {
                break;
            }

            received.Add(batch);
        }

        return received;
    }

    private static async Task<Received?> ReadAsync(Killed log, LogCursor cursor)
    {
        var received = new Received();
        await foreach (var batch in log.Reader.ReadAsync(From(cursor)))
        {
            received.Add(batch);
        }

        return received;
    }

    private static LogQuery From(LogCursor cursor) => new() { Start = new LogStart.From(cursor), UntilNow = true, WholeLines = true };

    /// <summary>What happens in a boot, how much of it somebody reads, and how much of each file its end leaves.</summary>
    internal sealed record Boot(LogAction[] Actions, int Read, int[] Kept)
    {
        /// <summary>What ran before a boot is lost: each one has an attempt of its own to print.</summary>
        public IEnumerable<LogAction> ActionsOf(int boot) => Actions.Select(action => action.Source.IsRemark
            ? action
            : action with { Source = action.Source.Stream == LogStream.Out ? LogSource.Out(boot) : LogSource.Err(boot) });

        public static Gen<Boot[]> Some { get; } =
            (from actions in LogAction.Some
             from read in Gen.Choose(0, 110)
             from kept in Gen.Choose(0, 100).ArrayOf(8)
             from all in Gen.Elements(false, false, true)
             select new Boot(actions, read, all ? [100] : kept)).ArrayOf(2);
    }
}
