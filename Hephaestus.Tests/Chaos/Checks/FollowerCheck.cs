using Hephaestus.Protocol;
using Hephaestus.Tests.Chaos.Observers;

namespace Hephaestus.Tests.Chaos.Checks;

/// <summary>
/// Every line was delivered once, and in order, to each follower; and the log as it is read in the end is what its files hold.
/// </summary>
internal sealed class FollowerCheck(Evidence evidence, Figures figures, Failures failures)
{
    public void Check(Story story)
    {
        if (!evidence.Logs.TryGetValue(story.Id, out var whole))
        {
            failures.Add($"{story}: its log was not read");
            return;
        }

        Sound(whole, $"{story}, read in the end");
        Files(story, whole);
        foreach (var follower in evidence.Followers.Where(follower => follower.Execution == story.Id))
        {
            Sound(follower.Log, $"{story}, follower with {follower.Connections} connections");
            Follower(story, follower, whole);
            figures.Followed += follower.Log.Lines.Count;
        }

        foreach (var follower in evidence.CliFollowers.Where(follower => follower.Execution == story.Id))
        {
            Cli(story, follower);
        }
    }

    private void Sound(DeliveredLog log, string whose)
    {
        foreach (var fault in log.Faults)
        {
            failures.Add($"{whose}: {fault}");
        }
    }

    private void Files(Story story, DeliveredLog whole)
    {
        foreach (var attempt in story.Attempts)
        {
            foreach (var stream in new[] { LogStream.Out, LogStream.Err })
            {
                var file =
                    OutputCheck.FileOf(evidence.Home, story.Id, attempt.Step.Number, attempt.Number, stream == LogStream.Err);
                var bytes = File.Exists(file) ? File.ReadAllBytes(file) : [];
                var read = whole.BytesOf(new Source((uint)attempt.Step.Number, (uint)attempt.Number, stream));
                failures.Unless(
                    bytes.AsSpan().SequenceEqual(read),
                    $"{attempt}, {stream}: {bytes.Length} bytes in the file, {read.Length} read, or others");
            }
        }
    }

    /// <summary>A follower is let go at the execution's end: what comes late after that it need not have.</summary>
    private void Follower(Story story, LogFollower follower, DeliveredLog whole)
    {
        var log = follower.Log;
        failures.Unless(log.End == story.Ended?.Ended.State, $"{story}: a follower was told that it ended {log.End}");
        failures.Unless(
            log.Lines.SequenceEqual(whole.Lines.Take(log.Lines.Count)), $"{story}: a follower got its {log.Lines.Count} lines in another order");
        foreach (var source in whole.Sources)
        {
            var (all, got) = (whole.BytesOf(source), log.BytesOf(source));
            var due = source.Step == 0 ? DueRemarks(story, source, all.Length) : (int)DueOutput(story, source);
            failures.Unless(
                all.AsSpan().StartsWith(got) && got.Length >= due,
                $"{story}, {source}: a follower with {follower.Connections} connections got {got.Length} of {all.Length} bytes, {due} were due");
        }
    }

    /// <summary>Remarks about late output may come after the end.</summary>
    private static int DueRemarks(Story story, Source source, int length) =>
        story.Events[^1].Ended is not null || source.Stream == LogStream.Remark ? length : 0;

    private static long DueOutput(Story story, Source source)
    {
        var ended =
            story.Events.FirstOrDefault(happened => happened.StepEnded is { } at && (at.Step, at.Attempt) == (source.Step, source.Attempt));
        return (long)((source.Stream == LogStream.Out ? ended?.StepEnded.OutBytes : ended?.StepEnded.ErrBytes) ?? 0);
    }

    private void Cli(Story story, CliFollower follower)
    {
        var whole = evidence.Shown[story.Id];
        var (code, expected) = (follower.Result?.ExitCode, story.Ended?.Ended.State == State.Ok ? 0 : 3);
        failures.Unless(code == expected, $"{story}: the command line's follower ended with {code}: {follower.Result?.Err}");
        failures.Unless(
            follower.Result is { Out: { Length: > 0 } shown } && whole.StartsWith(shown, StringComparison.Ordinal),
            $"{story}: the command line's follower showed other lines than status does in the end");
    }
}
