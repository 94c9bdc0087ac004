using Hephaestus.Protocol;

namespace Hephaestus.Tests.Chaos.Checks;

/// <summary>Executions that must not overlap did not, and never more ran at once than the configuration says.</summary>
internal static class TurnCheck
{
    public static void Check(Evidence evidence, Failures failures)
    {
        foreach (var story in evidence.Stories.Where(story => story.Started is not null))
        {
            var beside = evidence.Stories.Where(other => other != story && RunsAt(other, story.Started!.Sequence)).ToArray();
            failures.Unless(beside.Length < evidence.Scenario.MaxConcurrent, $"{story} started beside {beside.Length} others");
            failures.Unless(
                story.Plan.Overlap != "queue" || beside.All(other => other.Plan.Name != story.Plan.Name), $"{story} did not wait for its turn");
        }

        foreach (var story in evidence.Stories.Where(story => story.Plan.Overlap == "skip"))
        {
            var alive = evidence.Stories.Where(other => other.Plan.Name == story.Plan.Name && other.Id < story.Id
                && other.Ended?.Sequence > story.Events[0].Sequence);
            failures.Unless(!alive.Any(), $"{story} was accepted while another execution of its plan was alive");
        }
    }

    private static bool RunsAt(Story story, ulong sequence) =>
        story.Started?.Sequence < sequence && (story.Ended?.Sequence ?? ulong.MaxValue) > sequence;
}
