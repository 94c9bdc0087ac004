using System.Collections.Immutable;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Plans;
using Outcome = Hephaestus.Server.Executions.Outcome;

namespace Hephaestus.Tests.Journal;

/// <summary>Any event that can happen, and when two are the same.</summary>
internal static class EventValues
{
    public static Gen<string> Text { get; } = Gen.OneOf(
        Gen.Elements("", "a", "Grüße 日本 😀", "two\nlines\r", "a\"b'c\\"),
        ArbMap.Default.GeneratorFor<NonNull<string>>().Select(text => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.Get))));

    public static Gen<DateTimeOffset> Time { get; } =
        from micros in ArbMap.Default.GeneratorFor<long>()
        from big in Gen.Choose(0, 2_000_000_000)
        select DateTimeOffset.UnixEpoch.AddSeconds(big).AddMicroseconds(micros % 10_000_000_000);

    public static Gen<ExecutionFact> Fact { get; } = Gen.OneOf(
        Outlines().SelectMany(steps => Text.SelectMany(tag => Text.SelectMany(by => Parameters().Select(parameters =>
            (ExecutionFact)new ExecutionFact.Accepted("s#1", "p.q", tag, steps, parameters) { By = by })))),
        Gen.Constant((ExecutionFact)new ExecutionFact.Started()),
        Number().SelectMany(step => Number().Select(attempt => (ExecutionFact)new ExecutionFact.StepStarting(step, attempt))),
        Number().SelectMany(step => Number().Select(pid => (ExecutionFact)new ExecutionFact.StepStarted(step, 2, pid))),
        Ended(),
        Number().Select(step => (ExecutionFact)new ExecutionFact.StepSkipped(step)),
        Text.SelectMany(by => Text.Select(reason => (ExecutionFact)new ExecutionFact.CancelRequested(by, reason))),
        Text.SelectMany(text => Gen.Elements(true, false).Select(error => (ExecutionFact)new ExecutionFact.Remark(text, error))),
        AnyState().Select(state => (ExecutionFact)new ExecutionFact.Ended(state)),
        Gen.Choose(0, 3_600_000).Select(seconds => (ExecutionFact)new ExecutionFact.TimedOut(TimeSpan.FromSeconds(seconds))),
        Text.Select(file => (ExecutionFact)new ExecutionFact.Dumped(file)));

    public static Gen<ExecutionEvent> Event { get; } =
        from sequence in Gen.OneOf(Gen.Choose(1, 1000).Select(n => (long)n), Gen.Constant(long.MaxValue))
        from id in Gen.Elements(1u, 77u, uint.MaxValue)
        from time in Time
        from fact in Fact
        select new ExecutionEvent(sequence, id, "s#1", "p.q", time, fact);

    /// <summary>By value; an ImmutableArray in a record compares by reference.</summary>
    public static bool Same(ExecutionEvent a, ExecutionEvent b) =>
        a with { Fact = b.Fact } == b && Same(a.Fact, b.Fact);

    public static bool Same(IEnumerable<ExecutionEvent> a, IEnumerable<ExecutionEvent> b) =>
        a.Count() == b.Count() && a.Zip(b).All(pair => Same(pair.First, pair.Second));

    private static bool Same(ExecutionFact a, ExecutionFact b) =>
        a is ExecutionFact.Accepted x && b is ExecutionFact.Accepted y
            ? x with { Steps = y.Steps, Parameters = y.Parameters, Kept = y.Kept } == y
                && x.Steps.SequenceEqual(y.Steps) && x.Parameters.SequenceEqual(y.Parameters) && x.Kept.SequenceEqual(y.Kept)
            : a == b;

    private static Gen<ImmutableArray<Variable>> Parameters() =>
        from value in Text
        from count in Gen.Choose(0, 3)
        select Enumerable.Range(0, count).Select(number => new Variable($"NAME_{number}", value)).ToImmutableArray();

    private static Gen<int> Number() => Gen.OneOf(Gen.Choose(0, 100), Gen.Constant(int.MaxValue));

    private static Gen<State> AnyState() => Gen.Elements(Enum.GetValues<State>());

    private static Gen<ExecutionFact> Ended() =>
        from step in Number()
        from state in AnyState()
        from cause in Gen.Elements(Enum.GetValues<Cause>())
        from status in Gen.Elements<(int? Code, int? Signal)>((null, null), (0, null), (255, null), (-1, null), (null, 9), (null, 0))
        from reason in Text
        from bytes in Gen.Elements(0L, 1L, long.MaxValue)
        from time in Time
        select (ExecutionFact)new ExecutionFact.StepEnded(
            step, 1, new Outcome(state, cause, status.Code, status.Signal, reason), bytes, bytes / 2, time);

    /// <summary>As a plan gives them: numbers from 1, names unique and not empty, a parent stands before its child.</summary>
    private static Gen<ImmutableArray<StepOutline>> Outlines() =>
        from count in Gen.Choose(0, 8)
        from seed in Gen.Choose(0, int.MaxValue - 1)
        from description in Text
        select Outlines(count, new System.Random(seed), description);

    private static ImmutableArray<StepOutline> Outlines(int count, System.Random random, string description) =>
        [.. Enumerable.Range(1, count).Select(number => new StepOutline(
            number,
            random.Next(2) == 0 ? StepKind.Step : StepKind.Recovery,
            $"näme-{number}",
            description,
            random.Next(number)))];
}
