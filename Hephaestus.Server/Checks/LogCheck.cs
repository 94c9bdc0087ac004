using System.Globalization;
using Hephaestus.Server.Logs;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Checks;

/// <summary>Compares the logs' directories, and the files of running attempts, with what the journal knows.</summary>
/// <param name="inUse">A server writes to them.</param>
internal sealed class LogCheck(string executions, string running, IReadOnlyDictionary<uint, KnownExecution> known, bool inUse)
{
    private int _found;

    public IEnumerable<Finding> Run()
    {
        var directories = Directory.Exists(executions) ? Directory.EnumerateFileSystemEntries(executions).ToArray() : [];
        Finding[] logs = [.. directories.Select(Strange).OfType<Finding>().Bounded(), .. directories.Select(Damaged).OfType<Finding>().Bounded()];
        return [.. logs, .. Lacking(directories), .. Attempts()];
    }

    private static uint? IdOf(string directory) =>
        uint.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    /// <summary>A log that is being removed is nothing strange: a server that was killed over it goes on with its next start.</summary>
    private Finding? Strange(string directory) => (IdOf(directory) is { } id && known.ContainsKey(id)) || LogStore.IsGoing(directory)
        ? null
        : Finding.Warning($"{directory}: the journal knows no such execution; it is of another journal, or can be removed");

    private IEnumerable<Finding> Lacking(IEnumerable<string> directories)
    {
        var there = directories.Select(IdOf).ToHashSet();
        var lacking = known.Values.Where(execution => !there.Contains(execution.Id)).ToArray();
        _found = known.Count - lacking.Length;
        foreach (var finding in lacking.Where(execution => !execution.Ended).Select(Unwritten).Bounded())
        {
            yield return finding;
        }

        var removed = lacking.Count(execution => execution.Ended);
        yield return Finding.Fact(
            $"{executions}: {Startup.Counted(_found, "log")}{(removed > 0 ? $"; those of {removed} ended executions were removed" : "")}");
    }

    private Finding Unwritten(KnownExecution execution) => Finding.Warning(
        $"execution {execution.Id} has not ended and has no log in {executions}: its log waits for space, or its directory was removed");

    /// <summary>Of a log that is written at the moment the last record may be half there.</summary>
    private Finding? Damaged(string directory)
    {
        if (IdOf(directory) is not { } id || !known.TryGetValue(id, out var execution))
        {
            return null;
        }

        var index = LogStore.IndexIn(directory);
        if (!File.Exists(index))
        {
            return Finding.Error($"{directory}: has no index, so its lines cannot be shown; its output files are as they are");
        }

        var (records, sound, torn) = IndexCheck.Read(index);
        var place = $"{index}: record {sound + 1} of {records} is damaged";
        return sound == records && (!torn || (!execution.Ended && inUse)) ? null
            : !execution.Ended ? inUse ? null : Finding.Warning($"{place}, or the last one half written; the next start mends it")
            : sound == records ? Finding.Warning($"{index}: {records} records are followed by a part of one, which nobody reads")
            : Finding.Error($"{place}: lines from there on cannot be shown; the output files beside it are as they are");
    }

    /// <summary>FIFOs and status files; while a server runs, it clears them away itself.</summary>
    private IEnumerable<Finding> Attempts()
    {
        if (inUse || !Directory.Exists(running))
        {
            return [];
        }

        var attempts = HeldFiles.Find(running).ToArray();
        var held = attempts.Count(attempt => known.ContainsKey(attempt.Execution));
        var strange = attempts.Where(attempt => !known.ContainsKey(attempt.Execution)).Select(attempt => Finding.Warning(
            $"{running}: {new HeldFiles(running, attempt).Name} is of an execution that the journal does not know; the next start clears it away")).Bounded();
        return held == 0 ? strange
            : [.. strange, Finding.Fact($"{running}: {Startup.Counted(held, "attempt")} will be taken up by the next start")];
    }
}
