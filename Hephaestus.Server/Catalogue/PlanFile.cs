using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Hephaestus.Server.Plans;
using Hephaestus.Server.Supervision;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Catalogue;

/// <summary>A plan file and what was found in it.</summary>
/// <param name="Status">Its status when it was read; null: that proves nothing, and it is read again next time.</param>
/// <param name="Trust">What is to be said of who can change it.</param>
internal sealed record PlanFile(FileStatus? Status, ImmutableArray<Diagnostic> Trust, CatalogueEntry Entry)
{
    /// <summary>Reads a file. Never waits, whatever kind of file it is; what cannot be read is an entry that says so.</summary>
    public static PlanFile Read(PlanPath path, FoundFile found)
    {
        if (!found.Status.IsRegular)
        {
            var reason = found.Status.IsDirectory ? "is a directory, not a file" : "is not a regular file";
            return Unreadable(path, found.Status, found.Trust, reason);
        }

        using var file = Libc.OpenWithoutWaiting(path.File, out var error);
        if (file is null)
        {
            return Unreadable(path, null, found.Trust, Cannot(error));
        }

        try
        {
            return Read(path, file, found);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return Unreadable(path, null, found.Trust, $"cannot be read: {problem.Message}");
        }
    }

    /// <summary>A file of which not even the status is known.</summary>
    public static PlanFile Unreadable(PlanPath path, FileStatus? status, ImmutableArray<Diagnostic> trust, string reason) =>
        new(status, trust, Judged(path, default, status?.ModifiedAt ?? default, trust, PlanReading.Refused(reason), []));

    /// <summary>What an errno means for a file that should be read.</summary>
    public static string Cannot(int error) => $"cannot be read: {Marshal.GetPInvokeErrorMessage(error)}";

    private static PlanFile Read(PlanPath path, SafeFileHandle file, FoundFile found)
    {
        // Between the look and the opening somebody may have put another file in its place, of another kind even, or have
        // let a link lead elsewhere: what was judged is what is read, or nothing is.
        if (Libc.Status(file, out var opened) != 0 || !opened.IsRegular || !opened.IsSameFile(found.Status))
        {
            return Unreadable(path, null, found.Trust, "changed while it was read; it is read again");
        }

        var text = ReadAll(file, opened.Size);
        if (Libc.Status(file, out var after) != 0 || after != opened)
        {
            // Half of a plan may well be a plan; it must not be run.
            return Unreadable(path, null, found.Trust, "changed while it was read; it is read again");
        }

        var trust = found.With(after).Trust;
        var reading = PlanParser.Parse(text.Span);
        var users = UserCheck.Of(reading.Plan, found.Judge.Server);
        var kept = text.Length > PlanParser.MaximumBytes ? default : text;
        return new PlanFile(after, trust, Judged(path, kept, after.ModifiedAt, trust, reading, users));
    }

    private static CatalogueEntry Judged(
        PlanPath path,
        ReadOnlyMemory<byte> text,
        DateTimeOffset modified,
        ImmutableArray<Diagnostic> trust,
        PlanReading reading,
        ImmutableArray<Diagnostic> users)
    {
        var refused = trust.Concat(users).Any(found => found.Severity == Severity.Error);
        var judged = trust.IsEmpty && users.IsEmpty
            ? reading
            : new PlanReading(refused ? null : reading.Plan, [.. trust, .. users, .. reading.Diagnostics]);
        return new CatalogueEntry(path.Set, path.Name, path.File, text, judged, modified);
    }

    /// <summary>The whole text, or so much of it that the parser sees that it is too large.</summary>
    private static ReadOnlyMemory<byte> ReadAll(SafeFileHandle file, long size)
    {
        var buffer = new byte[Math.Min(size, PlanParser.MaximumBytes) + 1];
        var length = 0;
        for (var read = -1; read != 0 && length < buffer.Length; length += read)
        {
            read = RandomAccess.Read(file, buffer.AsSpan(length), length);
        }

        return buffer.AsMemory(0, length);
    }
}

/// <summary>Where a plan is.</summary>
/// <param name="File">Absolute path.</param>
internal readonly record struct PlanPath(string Set, string Name, string File);

/// <summary>A file as it was found, before it is opened.</summary>
/// <param name="Path">Where a change of its rights takes effect.</param>
/// <param name="Judge">Judges it.</param>
/// <param name="Way">What is to be said of the way to it.</param>
internal sealed record FoundFile(string Path, FileStatus Status, PlanTrust Judge, ImmutableArray<Diagnostic> Way)
{
    /// <summary>All that is to be said of who can change it.</summary>
    public ImmutableArray<Diagnostic> Trust { get; } =
        Judge.OfFile(Path, Status) is { IsEmpty: false } own ? [.. Way, .. own] : Way;

    /// <summary>The same, of another status.</summary>
    public FoundFile With(FileStatus status) => status == Status ? this : new FoundFile(Path, status, Judge, Way);
}
