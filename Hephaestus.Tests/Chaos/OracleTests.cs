using Google.Protobuf;
using Hephaestus.Protocol;
using Hephaestus.Tests.Chaos.Acts;
using Hephaestus.Tests.Chaos.Observers;
using Hephaestus.Tests.Chaos.Plans;
using Hephaestus.Tests.EndToEnd;
using Microsoft.Data.Sqlite;

namespace Hephaestus.Tests.Chaos;

/// <summary>The checks of a round find what is wrong, and rounds can be repeated.</summary>
public sealed class OracleTests
{
    private static readonly ChaosPlan s_plan = new(
        "plan", 1, [new ChaosStep(1, "only", false, 0, new Script([new Deed.Flood("flood", 500, 100)], [new Finish.Exit(3)]))]);

    private static readonly Scenario s_scenario = new(
        0, 0, [s_plan], [new Act.Execute(TimeSpan.Zero, 1, s_plan.Name, null, LosesAnswer: false)], [])
    {
        MaxConcurrent = 1,
    };

    [Fact]
    public void The_same_seed_makes_the_same_rounds()
    {
        for (var round = 1; round <= 20; round++)
        {
            var scenario = ScenarioMaker.Make(7, round, Extent.Long, mayMount: true);

            Assert.Equal(scenario.ToString(), ScenarioMaker.Make(7, round, Extent.Long, mayMount: true).ToString());
            Assert.NotEqual(scenario.ToString(), ScenarioMaker.Make(8, round, Extent.Long, mayMount: true).ToString());
            var elsewhere = ScenarioMaker.Make(7, round, Extent.Long, mayMount: false);
            Assert.Equal(scenario.Texts.Select(plan => plan.Text), elsewhere.Texts.Select(plan => plan.Text));
        }
    }

    [Fact]
    public async Task A_round_without_trouble_is_right()
    {
        var (failures, _) = await new Round(s_scenario, new Figures()).RunAsync(CancellationToken.None);

        Assert.Empty(failures);
    }

    [Theory]
    [InlineData("a byte is another", "its own differ from byte 10 on")]
    [InlineData("a byte is missing", "read, or others")]
    [InlineData("a remark is missing", "its remarks do not tell its events")]
    [InlineData("it ran twice", "the journal knows")]
    [InlineData("an event is missing", "was told of")]
    [InlineData("another end", "the journal's list says")]
    public async Task What_is_wrong_is_found(string wrong, string told)
    {
        var round = new Round(s_scenario, new Figures()) { Falsify = home => Falsify(home, wrong) };

        var (failures, kept) = await round.RunAsync(CancellationToken.None);

        Directory.Delete(kept!, recursive: true);
        Assert.Contains(failures, failure => failure.Contains(told, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("gap")]
    [InlineData("repetition")]
    [InlineData("within a line")]
    public void A_follower_finds_what_does_not_follow(string wrong)
    {
        var log = new DeliveredLog();
        log.Take(Update(1, "one\ntwo\n"));
        Assert.Empty(log.Faults);

        log.Take(wrong switch
        {
            "gap" => Update(4, "four\n"),
            "repetition" => Update(2, "two\n"),
            _ => Update(3, "ree\n", offset: 2),
        });

        Assert.Single(log.Faults);
    }

    private static LogUpdate Update(ulong line, string text, ulong offset = 0)
    {
        var piece = new LogPiece
        {
            FirstLine = line,
            Step = 1,
            Attempt = 1,
            Stream = LogStream.Out,
            Data = ByteString.CopyFromUtf8(text),
            Offset = offset,
            Continued = offset > 0,
        };
        return new LogUpdate { Pieces = new LogPieces { Pieces = { piece } } };
    }

    private static void Falsify(ServerHome home, string wrong)
    {
        var output = Path.Combine(home.Log(1), "001-1.out");
        switch (wrong)
        {
            case "a byte is another":
                var bytes = File.ReadAllBytes(output);
                bytes[10] ^= 1;
                File.WriteAllBytes(output, bytes);
                break;
            case "a byte is missing":
                File.WriteAllBytes(output, File.ReadAllBytes(output)[..^1]);
                break;
            case "a remark is missing":
                var remarks = Path.Combine(home.Log(1), "remarks");
                File.WriteAllLines(remarks, File.ReadAllLines(remarks)[..^1]);
                break;
            case "it ran twice":
                File.AppendAllText(Path.Combine(home.Directory, Script.Witness, "1-1"), "4711\n");
                break;
            case "an event is missing":
                Change(home, "DELETE FROM events WHERE sequence = (SELECT MAX(sequence) - 1 FROM events)");
                break;
            default:
                Change(home, $"UPDATE executions SET state = {(int)State.Ok}");
                break;
        }
    }

    private static void Change(ServerHome home, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(home.State, "journal.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.NotEqual(0, command.ExecuteNonQuery());
    }
}
