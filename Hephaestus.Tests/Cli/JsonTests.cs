using System.Buffers;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Hephaestus.Cli.Logs;
using Hephaestus.Cli.Output;
using Hephaestus.Protocol;

namespace Hephaestus.Tests.Cli;

public sealed class JsonTests
{
    private static readonly Timestamp s_time = Timestamp.FromDateTimeOffset(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).AddMicroseconds(678901));

    [Fact]
    public void A_message_has_the_names_of_the_wire_and_the_words_of_users()
    {
        var step = new StepState
        {
            Number = 2,
            Name = "copy \"all\" – é",
            State = State.DidNotRun,
            Outcome = new Hephaestus.Protocol.Outcome { State = State.Nok, Cause = Cause.TimedOut, ExitCode = 3 },
            Started = s_time,
        };

        Assert.Equal(
            """
            {"number":2,"name":"copy \"all\" – é","desc":"","type":"","parent":"","state":"Did not run",
            "outcome":{"state":"NOK","cause":"timed_out","exit_code":3,"reason":""},"attempts":0,
            "started":"2026-01-02T03:04:05.678901Z","ended":null,"pid":0,"waits_for":""}
            """.ReplaceLineEndings(""),
            Written(json => ProtoJson.Write(json, step)));
    }

    [Fact]
    public void An_alternative_that_is_not_there_is_not_named()
    {
        var happened = new ExecutionEvent { Sequence = ulong.MaxValue, Id = 1, Set = "s", Plan = "p", Time = s_time, StepSkipped = new() { Step = 3 } };

        Assert.Equal(
            """{"sequence":18446744073709551615,"id":1,"set":"s","plan":"p","time":"2026-01-02T03:04:05.678901Z","step_skipped":{"step":3}}""",
            Written(json => ProtoJson.Write(json, happened)));
    }

    [Fact]
    public void Maps_are_objects_and_durations_seconds()
    {
        var plan = new PlanArg { Set = "s", Plan = "p", Parameters = { ["TARGET"] = "/mnt" } };
        var timedOut = new ExecutionEvent.Types.TimedOut { Timeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(2.5)) };

        Assert.Equal(
            """{"set":"s","plan":"p","parameters":{"TARGET":"/mnt"},"request_id":""}""",
            Written(json => ProtoJson.Write(json, plan)));
        Assert.Equal("""{"timeout":2.5}""", Written(json => ProtoJson.Write(json, timedOut)));
    }

    [Fact]
    public void Control_characters_are_escaped() =>
        Assert.Equal("""{"ids":[{"id":0,"set":"\u001B[2J","plan":""}]}""", Written(json => ProtoJson.Write(json, new PlanList { Ids = { new PlanId { Set = "\e[2J" } } })));

    [Fact]
    public void A_line_is_an_object() => Assert.Equal(
        ["""{"line":7,"time":"2026-01-02T03:04:05.678901Z","step":"copy","attempt":1,"stream":"err","late":false,"text":"tab\t"}"""],
        Lines(["tab\t"u8.ToArray()]));

    [Fact]
    public void Bytes_that_are_no_text_come_in_base64() => Assert.EndsWith(",\"base64\":\"//4=\"}", Assert.Single(Lines([[0xff, 0xfe]])));

    [Fact]
    public void A_very_long_line_comes_in_parts_that_are_the_whole() =>
        Prop.ForAll(Gen.Choose(0, 2_600_000).Two().ToArbitrary(), lengths =>
            {
                var line = Encoding.UTF8.GetBytes(new string('日', lengths.Item1 / 3) + new string('x', lengths.Item2 % 7));
                var cut = lengths.Item2 % (line.Length + 1);
                var parts = Lines([line[..cut], line[cut..]]).Select(text => JsonDocument.Parse(text).RootElement).ToArray();
                Assert.Equal(Encoding.UTF8.GetString(line), string.Concat(parts.Select(part => part.GetProperty("text").GetString())));
                Assert.All(parts.SkipLast(1), part => Assert.True(part.GetProperty("more").GetBoolean()));
                Assert.All(parts.Skip(1), part => Assert.True(part.GetProperty("offset").GetInt64() > 0));
            })
            .Check(Config.QuickThrowOnFailure.WithMaxTest(20));

    private static List<string> Lines(byte[][] parts)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, Json.Lines);
        var lines = new List<string>();
        var writer = new JsonLines(json, number => number == 2 ? "copy" : null, json.WriteStartObject, () =>
        {
            json.Flush();
            json.Reset();
            lines.Add(Encoding.UTF8.GetString(buffer.WrittenSpan));
            buffer.ResetWrittenCount();
        });
        var piece = new LogPiece { Time = s_time, Step = 2, Attempt = 1, Stream = LogStream.Err };
        for (var at = 0; at < parts.Length; at++)
        {
            writer.Write(new LinePart(piece, 7, parts[at], at == 0, at == parts.Length - 1));
        }

        return lines;
    }

    private static string Written(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Json.Lines))
        {
            write(json);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
