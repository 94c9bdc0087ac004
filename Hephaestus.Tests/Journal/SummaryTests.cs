using FsCheck;
using FsCheck.Fluent;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Journal;
using Hephaestus.Server.Plans;
using Hephaestus.Server.Streaming;
using Outcome = Hephaestus.Server.Executions.Outcome;

namespace Hephaestus.Tests.Journal;

/// <summary>An execution without its events.</summary>
public sealed class SummaryTests
{
    private static readonly LogRemoval s_removal = new(DateTimeOffset.UnixEpoch, "history.keep_days = 1");

    [Fact]
    public void All_that_callers_are_told_is_kept() => Prop.ForAll(States().ToArbitrary(), state =>
    {
        var read = Summary.Read(Summary.Of(state), s_removal);
        return read.LogRemoved == s_removal && (read with { LogRemoved = null }).ToMessage().Equals(state.ToMessage());
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_resumed_execution_begins_as_it_would_have_before() => Prop.ForAll(States().ToArbitrary(), state =>
    {
        var (before, after) = (Resumption.Accept(state), Resumption.Accept(Summary.Read(Summary.Of(state), s_removal)));
        return before.Kept.SequenceEqual(after.Kept) && before.Steps.SequenceEqual(after.Steps)
            && before.Parameters.SequenceEqual(after.Parameters) && (before.TagId, before.Resumes) == (after.TagId, after.Resumes);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_damaged_summary_is_told()
    {
        var error = Assert.Throws<JournalException>(() => Summary.Read([0xff, 0xff, 0xff], s_removal));

        Assert.Contains("restore it from a backup", error.Message, StringComparison.Ordinal);
    }

    private static Gen<ExecutionState> States() =>
        from tag in EventValues.Text
        from value in EventValues.Text
        from cancelled in Gen.Elements(true, false)
        from start in EventValues.Time
        from code in Gen.Elements(0, 0, 3)
        from reason in EventValues.Text
        select Ended(tag, value, cancelled, Micros.Truncate(start), new Outcome(code == 0 ? State.Ok : State.Nok, Cause.Exited, code, null, reason));

    private static ExecutionState Ended(string tag, string value, bool cancelled, DateTimeOffset start, Outcome outcome)
    {
        ExecutionFact[] facts =
        [
            new ExecutionFact.Accepted(
                "set", "plan", tag,
                [
                    new StepOutline(1, StepKind.Step, "one", value, 0),
                    new StepOutline(2, StepKind.Recovery, "two", "", 1),
                    new StepOutline(3, StepKind.Step, "three", "", 0),
                ],
                [new Variable("NAME", value)])
            {
                By = tag,
                Resumes = 7,
            },
            new ExecutionFact.Started(),
            new ExecutionFact.StepStarting(1, 1),
            new ExecutionFact.StepStarted(1, 1, 4711),
            .. cancelled ? [new ExecutionFact.CancelRequested("somebody", value)] : Array.Empty<ExecutionFact>(),
            new ExecutionFact.StepEnded(1, 1, outcome, 10, 20, start.AddSeconds(2)),
            new ExecutionFact.StepSkipped(2),
            new ExecutionFact.StepSkipped(3),
            new ExecutionFact.Ended(cancelled ? State.Cancelled : outcome.State),
            new ExecutionFact.Dumped("file"),
        ];
        return ExecutionFold.Of(facts.Select((fact, at) => new ExecutionEvent(at + 1, 5, "set", "plan", start.AddSeconds(at), fact)));
    }
}
