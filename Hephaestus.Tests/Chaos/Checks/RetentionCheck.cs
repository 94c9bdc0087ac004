using Hephaestus.Protocol;
using Hephaestus.Tests.Chaos.Acts;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Chaos.Checks;

/// <summary>
/// The last act of a round: rules of retention count from the next start on, and a server is killed while it follows them.
/// The logs that ended last stay; of all others it is still known how they ended.
/// </summary>
internal sealed class RetentionCheck(Stage stage, Evidence evidence, Asking asking, Failures failures)
{
    public async Task RunAsync(int kept)
    {
        await File.AppendAllLinesAsync(stage.Home.Configuration, [$"history.keep_count = {kept}"]);
        await stage.StartAsync();
        await stage.KillAsync(Victim.Server, TimeSpan.Zero);
        uint[] expected =
            [.. evidence.Stories.OrderByDescending(story => story.Ended?.Sequence).Take(kept).Select(story => story.Id).Order()];
        await DirectoriesAsync(expected);
        foreach (var story in evidence.Stories)
        {
            await CheckAsync(story, expected.Contains(story.Id));
        }

        await stage.StopAsync();
        await Remnants.GoneAsync(stage.Home);
        var journal = ReadJournal.Open(Path.Combine(stage.Home.State, "journal.db"));
        failures.Unless(journal.Integrity == "ok", $"the journal after retention: {journal.Integrity}");
        failures.Unless(
            journal.Events.SequenceEqual(evidence.Journal.Events.Where(happened => expected.Contains(happened.Id))),
            "retention left other events than those of the logs that it kept");
    }

    private async Task CheckAsync(Story story, bool isKept)
    {
        var told =
            await asking.AskAsync((calls, options) => calls.GetExecutionAsync(new GetExecutionRequest { Id = story.Id }, options));
        failures.Unless(
            told.State == story.Ended?.Ended.State,
            $"{story}: after retention it is said to have ended {told.State}");
        failures.Unless(
            told.Steps.Select(step => step.State).SequenceEqual(story.Plan.Steps.Select(story.StateOf)),
            $"{story}: after retention its steps are said to have ended {string.Join(", ", told.Steps.Select(step => step.State))}");
        failures.Unless(
            told.LogRemoved is null == isKept,
            $"{story}: after retention it is said that its log was removed: {told.LogRemoved}");
    }

    /// <summary>Completes when there are the logs of these executions and of no others.</summary>
    private async Task DirectoriesAsync(uint[] expected)
    {
        var executions = Path.Combine(stage.Home.State, "executions");
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var watcher = new FileSystemWatcher(executions);
        watcher.Deleted += (_, _) => Look();
        watcher.Renamed += (_, _) => Look();
        watcher.EnableRaisingEvents = true;
        Look();
        await done.Task.DefaultTimeout();

        void Look()
        {
            if (Directory.EnumerateDirectories(executions).Select(Path.GetFileName).Order().SequenceEqual(expected.Select(id => $"{id}").Order()))
            {
                done.TrySetResult();
            }
        }
    }
}
