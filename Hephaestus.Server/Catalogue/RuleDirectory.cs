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
internal sealed class RuleDirectory(string root, TimeProvider clock, PlanTrust trust)
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
        var (place, error) = Enter();
        if (place is null)
        {
            return before.Next([], [new CatalogueProblem(root, error)]);
        }

        var names = Names(root, out var problems);
        var sets = names.Select(name => ScanSet(name, place, before.Sets.GetValueOrDefault(name))).OfType<ScannedSet>();
        return before.Next([.. sets], problems);
    }

    /// <summary>One plan as it is, of which <paramref name="before"/> is known; null: there is none.</summary>
    public PlanFile? Look(PlanKey key, CatalogueScan before) =>
        Enter().Place is { } place && Enter(place, key.Set) is { } inside
            ? Look(PathOf(key.Set, key.Plan + Ending), inside, Known(before.Sets.GetValueOrDefault(key.Set), key.Plan))
            : null;

    /// <summary>Where a plan of these names stands, or would.</summary>
    public string FileOf(PlanKey key) => PathOf(key.Set, key.Plan + Ending).File;

    /// <summary>The rule directory itself, or why it cannot be read.</summary>
    private (RulePlace? Place, string Error) Enter()
    {
        var walk = PathWalk.Of(root);
        if (walk.Error != 0 || !walk.Status.IsDirectory)
        {
            return (null, walk.Error != 0 ? PlanFile.Cannot(walk.Error) : "is not a directory");
        }

        var judge = trust with { RuleOwner = walk.Status.Owner };
        return (new RulePlace(walk.End, judge, judge.OfPassed(walk.Into, linked: false)), "");
    }

    /// <summary>A set's directory; null: it is none.</summary>
    private static RulePlace? Enter(RulePlace parent, string set)
    {
        var (path, linked) = (Path.Combine(parent.Path, set), false);
        var error = Libc.LinkStatus(path, out var status);
        IEnumerable<PassedFile> passed = [new PassedFile(path, status, Holds: true)];
        if (error == 0 && status.IsLink)
        {
            var walk = PathWalk.Of(parent.Path, set);
            (path, status, error, passed, linked) = (walk.End, walk.Status, walk.Error, walk.Into, true);
        }

        return error == 0 && status.IsDirectory ? parent.Then(path, parent.Judge.OfPassed(passed, linked)) : null;
    }

    /// <summary>One directory; null: it is none.</summary>
    private ScannedSet? ScanSet(string set, RulePlace parent, ScannedSet? before)
    {
        if (Enter(parent, set) is not { } place)
        {
            return null;
        }

        var files = Names(Path.Combine(root, set), out var problems, Ending)
            .Select(file => PathOf(set, file))
            .Select(plan => Look(plan, place, Known(before, plan.Name)))
            .OfType<PlanFile>();
        return ScannedSet.Of(set, [.. files], problems, before);
    }

    private PlanPath PathOf(string set, string file) => new(set, file[..^Ending.Length], Path.Combine(root, set, file));

    /// <summary>One file, read if it is not known as it is; null: it has gone.</summary>
    private PlanFile? Look(PlanPath path, RulePlace place, PlanFile? before)
    {
        var error = Libc.LinkStatus(path.File, out var status);
        return error == 0 && status.IsLink ? LookThrough(path, place, before)
            : error == 0 ? Look(path, new FoundFile(path.File, status, place.Judge, place.Way), before)
            : error == Libc.NoSuchFile ? null
            : Known(before, PlanFile.Unreadable(path, null, place.Way, PlanFile.Cannot(error)));
    }

    /// <summary>A file that a symbolic link leads to.</summary>
    private PlanFile? LookThrough(PlanPath path, RulePlace place, PlanFile? before)
    {
        var walk = PathWalk.Of(place.Path, path.Name + Ending);
        ImmutableArray<Diagnostic> way = [.. place.Way, .. place.Judge.OfPassed(walk.Passed, linked: true)];
        if (walk.Error == 0)
        {
            return Look(path, new FoundFile(walk.End, walk.Status, place.Judge, way), before);
        }

        var reason = walk.Error == Libc.NoSuchFile ? "is a symbolic link that leads nowhere" : PlanFile.Cannot(walk.Error);
        return Known(before, PlanFile.Unreadable(path, null, way, reason));
    }

    private PlanFile Look(PlanPath path, FoundFile found, PlanFile? before)
    {
        if (before is not null && before.Status == found.Status && before.Trust.SequenceEqual(found.Trust))
        {
            return before;
        }

        var now = PlanFile.Read(path, found);
        return Known(before, IsSettled(now.Status) ? now : now with { Status = null });
    }

    private static PlanFile? Known(ScannedSet? before, string plan) => before?.Files.GetValueOrDefault(plan);

    /// <summary>What tells the same as before is the same object as before.</summary>
    private static PlanFile Known(PlanFile? before, PlanFile now) =>
        before?.Entry.Tells(now.Entry) != true ? now
        : now.Status is null ? before
        : now with { Entry = before.Entry };

    private bool IsSettled(FileStatus? status) =>
        status is { } known && clock.GetUtcNow() - known.ChangedAt > s_settling && clock.GetUtcNow() - known.ModifiedAt > s_settling;

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

/// <summary>A directory in which plans stand, or their sets.</summary>
/// <param name="Path">Without symbolic links in it.</param>
/// <param name="Judge">Judges what stands there.</param>
/// <param name="Way">What is to be said of every plan there: of the directories that lead to it, and of itself.</param>
internal sealed record RulePlace(string Path, PlanTrust Judge, ImmutableArray<Diagnostic> Way)
{
    /// <summary>A directory in it.</summary>
    public RulePlace Then(string path, ImmutableArray<Diagnostic> way) => new(path, Judge, way.IsEmpty ? Way : [.. Way, .. way]);
}
