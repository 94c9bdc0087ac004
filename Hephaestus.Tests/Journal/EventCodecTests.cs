using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Journal;
using Hephaestus.Server.Plans;
using Outcome = Hephaestus.Server.Executions.Outcome;
using Wire = Hephaestus.Protocol;

namespace Hephaestus.Tests.Journal;

public sealed class EventCodecTests
{
    [Fact]
    public void Any_event_is_read_back_as_it_was_written() =>
        Prop.ForAll(EventValues.Event.ToArbitrary(), happened =>
        {
            var bytes = EventCodec.ToMessage(happened).ToByteArray();
            return EventValues.Same(happened, EventCodec.FromMessage(Wire.ExecutionEvent.Parser.ParseFrom(bytes)));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Times_keep_their_microseconds_and_nothing_below()
    {
        var time = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.FromHours(2)).AddTicks(1_234_567);

        var message = EventCodec.ToMessage(Happened(new ExecutionFact.Started()) with { Time = time });

        Assert.Equal(123_456_000, message.Time.Nanos);
        Assert.Equal(time.ToUnixTimeSeconds(), message.Time.Seconds);
    }

    [Fact]
    public void An_exit_code_of_0_is_told_apart_from_none()
    {
        Assert.True(EventCodec.ToMessage(Ended(0, null)).StepEnded.Outcome.HasExitCode);
        Assert.False(EventCodec.ToMessage(Ended(null, 9)).StepEnded.Outcome.HasExitCode);
        Assert.Equal(Wire.Outcome.StatusOneofCase.None, EventCodec.ToMessage(Ended(null, null)).StepEnded.Outcome.StatusCase);
    }

    [Fact]
    public void An_outcome_with_exit_code_and_signal_is_refused() =>
        Assert.Throws<ArgumentException>(() => EventCodec.ToMessage(Ended(137, 9)));

    [Fact]
    public void A_parent_that_is_no_earlier_step_is_refused()
    {
        var step = new StepOutline(1, StepKind.Step, "one", "", 2);

        Assert.Throws<ArgumentException>(
            () => EventCodec.ToMessage(Happened(new ExecutionFact.Accepted("set", "plan", "tag", [step], []))));
    }

    [Fact]
    public void The_wire_names_parents_and_kinds_in_words()
    {
        var steps = new[]
        {
            new StepOutline(1, StepKind.Step, "copy", "Copy & move", 0),
            new StepOutline(2, StepKind.Recovery, "undo", "", 1),
        };

        var message = EventCodec.ToMessage(Happened(new ExecutionFact.Accepted("set", "plan", "tag", [.. steps], [])));

        Assert.Equal(("copy", "Copy & move", "step", ""), Words(message.Accepted.Steps[0]));
        Assert.Equal(("undo", "", "recovery", "copy"), Words(message.Accepted.Steps[1]));
        Assert.All(message.Accepted.Steps, step => Assert.Equal(State.Pending, step.State));
    }

    [Fact]
    public void A_message_of_no_known_kind_is_damage() =>
        Assert.Throws<JournalException>(() => EventCodec.FromMessage(new Wire.ExecutionEvent
        {
            Sequence = 5, Time = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTime(DateTime.UnixEpoch),
        }));

    private static (string, string, string, string) Words(Wire.StepState step) => (step.Name, step.Desc, step.Type, step.Parent);

    private static ExecutionEvent Ended(int? code, int? signal) => Happened(new ExecutionFact.StepEnded(
        1, 1, new Outcome(State.Nok, Cause.Exited, code, signal, ""), 0, 0, DateTimeOffset.UnixEpoch));

    private static ExecutionEvent Happened(ExecutionFact fact) => new(1, 1, "set", "plan", DateTimeOffset.UnixEpoch, fact);
}
