using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Hephaestus.Server.Logs;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Logs;

/// <summary>Every way to read a log against the plain reading of its files.</summary>
public sealed class SearchProperties
{
    private static readonly Config s_config = Config.QuickThrowOnFailure.WithMaxTest(100);

    private static readonly Func<LogSource, bool>?[] s_filters =
        [null, source => source.IsRemark, source => source == LogSource.Out(0), source => source == LogSource.Err(1), _ => false];

    [Fact]
    public void From_any_line_with_any_filter_and_any_size_of_batch_the_lines_are_those_of_the_plain_reading() =>
        Check((home, naive, choice) =>
        {
            var from = (choice.Number % (naive.Lines.Count + 1)) + 1;
            var query = Query(choice) with { Start = new LogStart.From(LogCursor.Beginning with { Line = from }) };
            return (query, naive.Lines.Where(line => line.Number >= from && Passes(query, line)));
        });

    [Fact]
    public void The_last_lines_of_all_or_some_sources_are_those_of_the_plain_reading() =>
        Check((home, naive, choice) =>
        {
            var query = Query(choice) with { Start = new LogStart.Tail(choice.Number) };
            return (query, naive.Lines.Where(line => Passes(query, line)).TakeLast(choice.Number));
        });

    [Fact]
    public void So_are_they_when_the_log_has_ended() =>
        Check((home, naive, choice) =>
        {
            home.Log.Complete();
            home.Log.Dispose();
            var query = Query(choice) with { Start = new LogStart.Tail(choice.Number) };
            return (query, naive.Lines.Where(line => Passes(query, line)).TakeLast(choice.Number));
        });

    [Fact]
    public void Any_cursor_resumes_without_gap_or_repetition() =>
        Prop.ForAll(Actions(), Choices(), (actions, choice) => CheckCursorsAsync(actions, choice).Await())
            .Check(s_config);

    [Fact]
    public void Followers_that_read_together_each_get_what_one_alone_gets() =>
        Prop.ForAll(Actions(), Choices(), (actions, choice) => CheckTogetherAsync(actions, choice).Await())
            .Check(s_config);

    /// <summary>
    /// More and more follow while the log grows, with filters and sizes of batches of their own, and some begin at a line
    /// within what the others have just read.
    /// </summary>
    private static async Task CheckTogetherAsync(LogAction[] actions, Choice choice)
    {
        const int most = 8;
        using var home = new LogHome();
        var writer = new LogWriter(home.Log, home.Directory);
        var followers = new List<(LogQuery Query, Task<Received> Reading)>();
        foreach (var part in actions.Chunk(1 + (choice.Number % 5)).Append([]))
        {
            if (followers.Count < most)
            {
                var own = choice with { Filter = followers.Count % 2 == 0 ? 0 : choice.Filter };
                var query = Query(own) with { WholeLines = followers.Count % 3 == 0, BatchBytes = followers.Count % 4 == 3 ? own.BatchBytes : 500 };
                var reader = home.Reader;
                followers.Add((query, Task.Run(() => FollowAsync(reader, query))));
            }

            writer.Write(part);
        }

        var lines = NaiveLog.Read(home.Directory).Lines;
        var late = lines.TakeLast(most).Select(line => (From: line.Number, Reading: ReadFromAsync(home, line.Number))).ToArray();
        home.Log.Complete();
        foreach (var (query, reading) in followers)
        {
            Assert.Equal(lines.Where(line => Passes(query, line)), (await reading.DefaultTimeout()).Lines);
        }

        foreach (var (from, reading) in late)
        {
            Assert.Equal(lines.Where(line => line.Number >= from), (await reading.DefaultTimeout()).Lines);
        }
    }

    private static Task<Received> ReadFromAsync(LogHome home, long line) =>
        FollowAsync(home.Reader, new LogQuery { Start = new LogStart.From(LogCursor.Beginning with { Line = line }), WholeLines = true });

    private static async Task<Received> FollowAsync(LogReader reader, LogQuery query)
    {
        var received = new Received();
        await foreach (var batch in reader.ReadAsync(query))
        {
            received.Add(batch);
        }

        return received;
    }

    /// <summary>Stops after each batch, lets the log grow, and goes on from the cursor with another reader.</summary>
    private static async Task CheckCursorsAsync(LogAction[] actions, Choice choice)
    {
        using var home = new LogHome();
        var writer = new LogWriter(home.Log, home.Directory);
        var received = new Received();
        foreach (var part in actions.Chunk(1 + (choice.Number % 5)))
        {
            writer.Write(part);
            var query = new LogQuery { Start = new LogStart.From(received.Next), BatchBytes = choice.BatchBytes };
            await foreach (var batch in home.Reader.ReadAsync(query))
            {
                received.Add(batch);
                break;
            }
        }

        var rest = new LogQuery { Start = new LogStart.From(received.Next), UntilNow = true };
        await foreach (var batch in home.Reader.ReadAsync(rest))
        {
            received.Add(batch);
        }

        Assert.Equal(NaiveLog.Read(home.Directory).Lines, received.Lines);
        Assert.All(
            received.Lines.Select(line => line.Source).Where(source => !source.IsRemark).Distinct(),
            source => Assert.Equal(Encoding.Latin1.GetString(home.BytesOf(source)), received.All(source)));
    }

    private static void Check(Arrangement arrange) =>
        Prop.ForAll(Actions(), Choices(), (actions, choice) => CheckAsync(arrange, actions, choice).Await())
            .Check(s_config);

    private static async Task CheckAsync(Arrangement arrange, LogAction[] actions, Choice choice)
    {
        using var home = new LogHome();
        new LogWriter(home.Log, home.Directory).Write(actions);
        var naive = NaiveLog.Read(home.Directory);
        var (query, expected) = arrange(home, naive, choice);

        Assert.Equal(naive.Lines.Count, home.Reader.Lines);
        Assert.Equal(expected, (await home.ReadAsync(query)).Lines);
    }

    private static LogQuery Query(Choice choice) =>
        new() { Filter = s_filters[choice.Filter], BatchBytes = choice.BatchBytes, WholeLines = true };

    private static bool Passes(LogQuery query, ReceivedLine line) => query.Filter is null || query.Filter(line.Source);

    /// <summary>Few actions, or so many that the index takes more than one page.</summary>
    private static Arbitrary<LogAction[]> Actions() => Gen.Frequency(
        (3, LogAction.Some), (1, Gen.Choose(80, 300).SelectMany(count => LogAction.Any.ArrayOf(count)))).ToArbitrary();

    private static Arbitrary<Choice> Choices() => (
        from number in Gen.Choose(0, 50)
        from filter in Gen.Choose(0, s_filters.Length - 1)
        from bytes in Gen.Elements(1, 2, 70, 500, 64 * 1024)
        select new Choice(number, filter, bytes)).ToArbitrary();

    private delegate (LogQuery Query, IEnumerable<ReceivedLine> Expected) Arrangement(LogHome home, NaiveLog log, Choice choice);

    private sealed record Choice(int Number, int Filter, int BatchBytes);
}
