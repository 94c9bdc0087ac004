using System.Text;
using Hephaestus.Protocol;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Journal;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Chaos.Checks;

/// <summary>The remarks in an execution's log are those that its events are worth, each once and in their order.</summary>
internal static class RemarkCheck
{
    public static void Check(Story story, ServerHome home, Failures failures)
    {
        var expected = new StringBuilder();
        ExecutionState? state = null;
        foreach (var happened in story.Events.Select(EventCodec.FromMessage))
        {
            if (Remarks.Of(state, happened.Fact) is var (text, _))
            {
                expected.Append(text).Append('\n');
            }

            state = ExecutionFold.Apply(state, happened);
        }

        var written = File.ReadAllText(Path.Combine(home.Log(story.Id), "remarks"));
        failures.Unless(
            written == expected.ToString(),
            $"{story}: its remarks do not tell its events:\n{written}expected:\n{expected}");
        foreach (var attempt in story.Attempts)
        {
            var ends = story.Events.Count(happened => happened.StepEnded is { } at && at.Step == attempt.Step.Number);
            failures.Unless(
                written.Split('\n').Count(line => line.Contains($" '{attempt.Step.Name}' ended: ", StringComparison.Ordinal)) == ends,
                $"{attempt}: its end is not remarked upon once");
        }
    }
}
