using System.Collections.Immutable;
using System.IO.Enumeration;
using Hephaestus.Server.Plans;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Catalogue;

/// <summary>
/// The plans on disk: <c>root/set/plan.conf</c>. A scan looks at the status of every file and reads those that
/// changed. It never throws for what it finds there, and never waits.
/// </summary>
/// <param name="root">Absolute path; may be missing.</param>
internal sealed class RuleDirectory(string root, TimeProvider clock)
{
    private const string Ending = ".conf";

    // A file changed this recently may be changed again without a new time stamp, by one of the coarsest kernel tick or
    // filesystem (FAT: 2 s), so that its status does not yet prove anything.
    private static readonly TimeSpan s_settling = TimeSpan.FromSeconds(3);

    private static readonly EnumerationOptions s_everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    /// <summary>What the path leads to now; null: nothing, or nothing that can be reached.</summary>
    public FileStatus? Status() => Libc.Status(root, out var status) == 0 ? status : null;

    /// <summary>The directory as it is, of which <paramref name="before"/> is known.</summary>
    public CatalogueScan Scan(CatalogueScan before)
    {
        var error = Libc.Status(root, out var status);
        if (error != 0 || !status.IsDirectory)
        {
            var reason = error != 0 ? PlanFile.Cannot(error) : "is not a directory";
            return before.Next([], [new CatalogueProblem(root, reason)]);
        }

        var names = Names(root, out var problems);
        var sets = names.Select(name => ScanSet(name, status, before.Sets.GetValueOrDefault(name))).OfType<ScannedSet>();
        return before.Next([.. sets], problems);
    }

    /// <summary>One directory; null: it is none.</summary>
    private ScannedSet? ScanSet(string set, FileStatus rootStatus, ScannedSet? before)
    {
        var path = Path.Combine(root, set);
        if (Libc.Status(path, out var status) != 0 || !status.IsDirectory)
        {
            return null;
        }

        var exposure = Exposure(root, rootStatus) ?? Exposure(path, status);
        var files = Names(path, out var problems, Ending)
            .Select(file => new PlanPath(set, file[..^Ending.Length], Path.Combine(path, file)))
            .Select(plan => Look(plan, exposure, before?.Files.GetValueOrDefault(plan.Name)))
            .OfType<PlanFile>();
        return ScannedSet.Of(set, [.. files], problems, before);
    }

    /// <summary>One file, read if it is not known as it is; null: it has gone.</summary>
    private PlanFile? Look(PlanPath path, string? exposure, PlanFile? before)
    {
        var error = Libc.Status(path.File, out var status);
        if (error != 0)
        {
            return Missing(path, error, before);
        }

        exposure ??= status.IsWritableByEverybody ? "is writable by everybody; chmod o-w it" : null;
        if (before is not null && before.Status == status && before.Exposure == exposure)
        {
            return before;
        }

        var now = PlanFile.Read(path, status, exposure);
        now = IsSettled(now.Status) ? now : now with { Status = null };
        return before?.Entry.Tells(now.Entry) != true ? now
            : now.Status is null ? before
            : now with { Entry = before.Entry };
    }

    private static PlanFile? Missing(PlanPath path, int error, PlanFile? before)
    {
        if (error == Libc.NoSuchFile && Libc.LinkStatus(path.File, out _) != 0)
        {
            return null;
        }

        var reason = error == Libc.NoSuchFile ? "is a symbolic link that leads nowhere" : PlanFile.Cannot(error);
        var now = PlanFile.Unreadable(path, null, null, reason);
        return before?.Entry.Tells(now.Entry) == true ? before : now;
    }

    private bool IsSettled(FileStatus? status) =>
        status is { } known && clock.GetUtcNow() - known.ChangedAt > s_settling && clock.GetUtcNow() - known.ModifiedAt > s_settling;

    private static string? Exposure(string directory, FileStatus status) =>
        status.IsWritableByEverybody
            ? $"stands in {Spelling.Quote(directory)}, which is writable by everybody; chmod o-w that directory"
            : null;

    /// <summary>The names in a directory that count, hidden ones left out; with <paramref name="ending"/> only those that end so.</summary>
    private static List<string> Names(string directory, out ImmutableArray<CatalogueProblem> problems, string ending = "")
    {
        var names = new List<string>();
        var found = ImmutableArray.CreateBuilder<CatalogueProblem>();
        try
        {
            foreach (var name in List(directory, ending).Order(StringComparer.Ordinal))
            {
                if (PlanNames.Unusable(name) is { } reason)
                {
                    found.Add(new CatalogueProblem(directory, $"{Spelling.Quote(name)} is ignored: its name {reason}"));
                    continue;
                }

                names.Add(name);
            }
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            found.Add(new CatalogueProblem(directory, $"cannot be read: {problem.Message}"));
        }

        problems = found.ToImmutable();
        return names;
    }

    private static FileSystemEnumerable<string> List(string directory, string ending) =>
        new(directory, (ref FileSystemEntry entry) => entry.FileName.ToString(), s_everything)
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) =>
                !entry.FileName.StartsWith('.') && entry.FileName.EndsWith(ending, StringComparison.Ordinal),
        };
}
