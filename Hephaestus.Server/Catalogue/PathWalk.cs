using System.Collections.Immutable;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Catalogue;

/// <summary>
/// What a path leads through, as the kernel would follow it: whoever may change one of these directories or symbolic
/// links decides what stands at its end.
/// </summary>
/// <param name="Passed">In the order of the way; without the first directory, and without what stands at the end.</param>
/// <param name="End">What it leads to, without symbolic links in it; as far as it was followed, when that failed.</param>
/// <param name="Status">Of the end.</param>
/// <param name="Error">0, or the errno with which it could not be followed.</param>
internal sealed record PathWalk(ImmutableArray<PassedFile> Passed, string End, FileStatus Status, int Error)
{
    /// <summary>As many as the kernel follows.</summary>
    private const int MostLinks = 40;

    /// <summary>Of an absolute path.</summary>
    public static PathWalk Of(string path) => Of("/", path);

    /// <summary>Of a path that begins at a directory.</summary>
    /// <param name="start">Absolute, without symbolic links in it.</param>
    public static PathWalk Of(string start, string path)
    {
        var passed = ImmutableArray.CreateBuilder<PassedFile>();
        var (end, links) = (start, 0);
        var error = Libc.LinkStatus(end, out var status);
        var rest = new Stack<string>();
        for (Push(rest, path); error == 0 && rest.TryPop(out var name);)
        {
            passed.Add(new PassedFile(end, status, Holds: rest.Count == 0));
            var next = name == ".." ? Path.GetDirectoryName(end) ?? "/" : Path.Combine(end, name);
            error = Libc.LinkStatus(next, out var found);
            if (error == 0 && found.IsLink)
            {
                passed.Add(new PassedFile(next, found, Holds: false));
                error = Follow(next, rest, ref end, ref status, ref links);
            }
            else
            {
                (end, status) = (next, found);
            }
        }

        return new PathWalk([.. passed.Skip(start == "/" ? 0 : 1)], end, status, error);
    }

    /// <summary>With what stands at the end, a directory, as one in which names are looked up.</summary>
    public IEnumerable<PassedFile> Into =>
        Passed.Select(passed => passed with { Holds = false }).Append(new PassedFile(End, Status, Holds: true));

    private static int Follow(string link, Stack<string> rest, ref string end, ref FileStatus status, ref int links)
    {
        if (++links > MostLinks)
        {
            return Libc.TooManyLinks;
        }

        if (new FileInfo(link).LinkTarget is not { } target)
        {
            return Libc.NoSuchFile;
        }

        Push(rest, target);
        if (!target.StartsWith('/'))
        {
            return 0;
        }

        end = "/";
        return Libc.LinkStatus(end, out status);
    }

    private static void Push(Stack<string> rest, string path)
    {
        foreach (var name in path.Split('/').Where(name => name is not ("" or ".")).Reverse())
        {
            rest.Push(name);
        }
    }
}

/// <summary>A directory in which a name of a path is looked up, or a symbolic link that is followed.</summary>
/// <param name="Path">Without symbolic links above it.</param>
/// <param name="Holds">The path's last name is looked up in this directory.</param>
internal readonly record struct PassedFile(string Path, FileStatus Status, bool Holds);
