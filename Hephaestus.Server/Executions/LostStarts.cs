using System.Collections.Immutable;
using System.Globalization;

namespace Hephaestus.Server.Executions;

/// <summary>
/// Starts of attempts that a loss of power took from the journal, while files of theirs are left: what ran must not be said
/// to have been passed over.
/// </summary>
internal static class LostStarts
{
    /// <summary>What the journal lacks of an execution that had not ended; in the order of the steps, for want of a better one.</summary>
    /// <param name="found">Attempts of which there are files.</param>
    public static ImmutableArray<ExecutionFact> Of(ExecutionState state, IEnumerable<AttemptKey> found)
    {
        var starts = found.Distinct()
            .Where(attempt => attempt.Step <= state.Steps.Length && attempt.Attempt > state.Step(attempt.Step).Attempts)
            .OrderBy(attempt => attempt.Step).ThenBy(attempt => attempt.Attempt)
            .Select(attempt => (ExecutionFact)new ExecutionFact.StepStarting(attempt.Step, attempt.Attempt)).ToImmutableArray();
        return starts.IsEmpty || state.State == State.Running ? starts : starts.Insert(0, new ExecutionFact.Started());
    }

    /// <summary>The attempts whose output lies in an execution's directory.</summary>
    public static IEnumerable<AttemptKey> WithOutput(string directory) => Directory.Exists(directory)
        ? Directory.EnumerateFiles(directory).Where(IsOutput).Select(Path.GetFileNameWithoutExtension).Select(AttemptOf).OfType<AttemptKey>()
        : [];

    private static bool IsOutput(string file) => Path.GetExtension(file) is ".out" or ".err";

    private static AttemptKey? AttemptOf(string? name) =>
        name?.Split('-') is [var step, var attempt]
        && int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
        && int.TryParse(attempt, NumberStyles.None, CultureInfo.InvariantCulture, out var times)
            ? new AttemptKey(number, times)
            : null;
}
