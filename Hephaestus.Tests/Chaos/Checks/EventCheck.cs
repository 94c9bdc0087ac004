using Hephaestus.Protocol;

namespace Hephaestus.Tests.Chaos.Checks;

/// <summary>Watchers were told of each event once, in order; and the journal is sound.</summary>
internal static class EventCheck
{
    public static void Check(Evidence evidence, Figures figures, Failures failures)
    {
        var journal = evidence.Journal;
        failures.Unless(journal.Integrity == "ok", $"the journal: {journal.Integrity}");
        foreach (var watcher in evidence.Watchers)
        {
            foreach (var fault in watcher.Faults)
            {
                failures.Add($"a watcher with {watcher.Connections} connections: {fault}");
            }

            var told = watcher.Events;
            figures.Events += told.Length;
            failures.Unless(
                told.SequenceEqual(journal.Events),
                $"a watcher with {watcher.Connections} connections was told of {Difference(told, journal.Events)}");
        }

        foreach (var story in evidence.Stories)
        {
            failures.Unless(
                journal.States[story.Id] == story.Ended?.Ended.State,
                $"{story}: the journal's list says {journal.States[story.Id]}");
        }
    }

    private static string Difference(IReadOnlyList<ExecutionEvent> told, IReadOnlyList<ExecutionEvent> journal)
    {
        var same = told.Zip(journal).TakeWhile(pair => pair.First.Equals(pair.Second)).Count();
        return $"{told.Count} events of {journal.Count}; after {same} that are the same it has {told.ElementAtOrDefault(same)}, "
            + $"the journal {journal.ElementAtOrDefault(same)}";
    }
}
