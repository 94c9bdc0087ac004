using Hephaestus.Protocol;
using Hephaestus.Tests.Chaos.Plans;

namespace Hephaestus.Tests.Chaos.Checks;

/// <summary>What ran, in which order, and what the whole came to: by what plans.md says of a plan's course.</summary>
internal static class CourseCheck
{
    public static void Check(Story story, IReadOnlyList<Story> all, Failures failures)
    {
        Frame(story, failures);
        Kept(story, all, failures);
        Turns(story, failures);
        foreach (var step in story.Plan.Steps)
        {
            Parent(story, step, failures);
            Retries(story, step, failures);
        }

        Overall(story, failures);
    }

    /// <summary>Accepted, started at most once, ended once, and nothing but remarks after that.</summary>
    private static void Frame(Story story, Failures failures)
    {
        failures.Unless(story.Events.Count(happened => happened.Accepted is not null) == 1, $"{story}: accepted not once");
        failures.Unless(story.Events.Count(happened => happened.Started is not null) <= 1, $"{story}: started more than once");
        failures.Unless(story.Events.Count(happened => happened.Ended is not null) == 1, $"{story}: ended not once");
        failures.Unless(
            story.Events.SkipWhile(happened => happened.Ended is null).Skip(1).All(happened => happened.Remark is not null),
            $"{story}: something happened after its end");
        foreach (var attempt in story.Attempts)
        {
            failures.Unless(
                Once(story, attempt, happened => happened.StepStarting is { } at && (at.Step, at.Attempt) == Key(attempt)),
                $"{attempt}: about to start not once");
            failures.Unless(
                Once(story, attempt, happened => happened.StepEnded is { } at && (at.Step, at.Attempt) == Key(attempt)),
                $"{attempt}: ended not once");
            failures.Unless(
                story.Events.Count(happened => happened.StepStarted is { } at && (at.Step, at.Attempt) == Key(attempt)) == 1
                    || attempt.Outcome?.Cause is Cause.CouldNotStart or Cause.Cancelled or Cause.Lost,
                $"{attempt}: started not once");
            failures.Unless(
                story.Started?.Sequence < attempt.Starting.Sequence,
                $"{attempt}: started before its execution's turn came");
            failures.Unless(
                story.Cancel is null || attempt.Starting.Sequence < story.Cancel.Sequence, $"{attempt}: started after the cancel");
        }
    }

    /// <summary>What ended OK before the first step that did not keeps its result, and does not run again.</summary>
    private static void Kept(Story story, IReadOnlyList<Story> all, Failures failures)
    {
        var before = story.Wish.Resumes is { } earlier ? all.FirstOrDefault(other => other.Id == earlier.Id) : null;
        uint[] expected = before is null
            ? []
            : [.. before.Plan.Steps.TakeWhile(step => before.StateOf(step) is State.Ok or State.DidNotRun)
                .Where(step => before.StateOf(step) == State.Ok).Select(step => (uint)step.Number)];
        failures.Unless(
            story.Kept.SequenceEqual(expected),
            $"{story}: kept {string.Join(", ", story.Kept)}, not {string.Join(", ", expected)}");
        failures.Unless(
            story.Attempts.All(attempt => !expected.Contains((uint)attempt.Step.Number)), $"{story}: a step that kept its result ran again");
        failures.Unless(
            story.Events[0].Accepted.Resumes == (before?.Id ?? 0),
            $"{story}: resumes {story.Events[0].Accepted.Resumes}");
    }

    /// <summary>At most as many at once as the plan says, and one by one in file order.</summary>
    private static void Turns(Story story, Failures failures)
    {
        foreach (var attempt in story.Attempts)
        {
            var others = story.Attempts.Count(other => other.Step != attempt.Step
                && other.Starting.Sequence < attempt.Starting.Sequence
                && (other.Ended?.Sequence ?? ulong.MaxValue) > attempt.Starting.Sequence);
            failures.Unless(others < story.Plan.Concurrency, $"{attempt}: started beside {others} others");
        }

        int[] numbers = [.. story.Attempts.Select(attempt => attempt.Step.Number)];
        failures.Unless(
            story.Plan.Concurrency > 1 || numbers.SequenceEqual(numbers.Order()),
            $"{story}: its steps did not run in file order");
    }

    /// <summary>It ran if, and only if, its parent's end asked for it.</summary>
    private static void Parent(Story story, ChaosStep step, Failures failures)
    {
        var parent = step.Parent == 0 ? (State?)null : story.StateOf(story.Plan.Steps[step.Parent - 1]);
        var wanted = (step.IsRecovery, parent) switch
        {
            (_, null) => true,
            (false, { } state) => state == State.Ok,
            (true, { } state) => state is State.Nok or State.Failed or State.Lost,
        };
        var attempts = story.Attempts.Where(attempt => attempt.Step == step).ToArray();
        var parents = story.Attempts.LastOrDefault(attempt => attempt.Step.Number == step.Parent)?.Ended;
        var ran = attempts.Length > 0 || story.Kept.Contains((uint)step.Number);
        failures.Unless(
            ran == wanted || (!ran && story.Cancel is not null),
            $"{story}: '{step.Name}' {(ran ? "ran" : "did not run")}, its parent: {parent}");
        failures.Unless(ran || story.StateOf(step) == State.DidNotRun, $"{story}: '{step.Name}' was left {story.StateOf(step)}");
        failures.Unless(
            step.Parent == 0 || attempts.All(attempt => parents is null || parents.Sequence < attempt.Starting.Sequence),
            $"{story}: '{step.Name}' started before its parent had ended");
    }

    private static void Retries(Story story, ChaosStep step, Failures failures)
    {
        var attempts = story.Attempts.Where(attempt => attempt.Step == step).ToArray();
        failures.Unless(attempts.Length <= step.Retries + 1, $"{story}: '{step.Name}' was tried {attempts.Length} times");
        foreach (var (before, after) in attempts.Zip(attempts.Skip(1)))
        {
            failures.Unless(after.Number == before.Number + 1, $"{after} came after attempt {before.Number}");
            failures.Unless(before.Outcome?.State is State.Nok or State.Failed, $"{after} came after {before.Outcome?.State}");
            failures.Unless(after.From >= before.To + TimeSpan.FromSeconds(step.RetryDelay), $"{after} came too early");
        }

        failures.Unless(
            attempts.Length is 0
                || attempts.Length == step.Retries + 1
                || story.Cancel is not null
                || attempts[^1].Outcome?.State is State.Ok or State.Lost,
            $"{story}: '{step.Name}' was not tried again");
    }

    private static void Overall(Story story, Failures failures)
    {
        var expected = story.Cancel is not null
            ? State.Cancelled
            : story.Plan.Steps.Select(story.StateOf).LastOrDefault(state => state is not (State.Ok or State.DidNotRun), State.Ok);
        failures.Unless(story.Ended?.Ended.State == expected, $"{story}: ended {story.Ended?.Ended.State}, not {expected}");
    }

    private static bool Once(Story story, Attempt attempt, Func<ExecutionEvent, bool> isIt) =>
        story.Events.Count(happened => isIt(happened)) == 1;

    private static (uint Step, uint Attempt) Key(Attempt attempt) => ((uint)attempt.Step.Number, (uint)attempt.Number);
}
