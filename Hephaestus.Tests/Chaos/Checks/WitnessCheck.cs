using Hephaestus.Protocol;

namespace Hephaestus.Tests.Chaos.Checks;

/// <summary>No attempt ran twice, and none ran that the journal does not know.</summary>
internal static class WitnessCheck
{
    public static void Check(Story story, Witness witness, Failures failures)
    {
        foreach (var step in story.Plan.Steps)
        {
            var attempts = story.Attempts.Where(attempt => attempt.Step == step).ToArray();
            var runs = witness.RunsOf(story.Id, step.Number);
            failures.Unless(
                runs.Distinct().Count() == runs.Count,
                $"{story}: '{step.Name}' bore witness twice: {string.Join(", ", runs)}");

            // A supervisor that was killed while it started an attempt may leave its process unknown; that one is Lost.
            var unknown = runs.Except(attempts.Select(attempt => attempt.Pid)).Count();
            var nameless = attempts.Count(attempt => attempt is { Pid: 0, Outcome.Cause: Cause.Lost or Cause.Cancelled });
            failures.Unless(
                unknown <= nameless,
                $"{story}: '{step.Name}' ran as {string.Join(", ", runs)}, "
                    + $"the journal knows {string.Join(", ", attempts.Select(attempt => attempt.Pid))}");
            foreach (var attempt in attempts.Where(attempt => attempt.Outcome?.Cause is Cause.Exited or Cause.Signalled))
            {
                failures.Unless(runs.Contains(attempt.Pid), $"{attempt} ended by itself and did not bear witness");
            }
        }
    }
}
