using System.Runtime.InteropServices;
using Hephaestus.Server.Plans;
using Hephaestus.Server.Supervision;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Catalogue;

/// <summary>A plan file and what was found in it.</summary>
/// <param name="Status">Its status when it was read; null: that proves nothing, and it is read again next time.</param>
/// <param name="Exposure">Why everybody can change it; null: not so.</param>
internal sealed record PlanFile(FileStatus? Status, string? Exposure, CatalogueEntry Entry)
{
    /// <summary>Reads a file. Never waits, whatever kind of file it is; what cannot be read is an entry that says so.</summary>
    public static PlanFile Read(PlanPath path, FileStatus status, string? exposure)
    {
        if (!status.IsRegular)
        {
            return Unreadable(path, status, exposure, status.IsDirectory ? "is a directory, not a file" : "is not a regular file");
        }

        using var file = Libc.OpenWithoutWaiting(path.File, out var error);
        if (file is null)
        {
            return Unreadable(path, null, exposure, Cannot(error));
        }

        try
        {
            return Read(path, file, exposure);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return Unreadable(path, null, exposure, $"cannot be read: {problem.Message}");
        }
    }

    /// <summary>A file of which not even the status is known.</summary>
    public static PlanFile Unreadable(PlanPath path, FileStatus? status, string? exposure, string reason) => new(
        status,
        exposure,
        new CatalogueEntry(path.Set, path.Name, path.File, default, PlanReading.Refused(reason), status?.ModifiedAt ?? default));

    /// <summary>What an errno means for a file that should be read.</summary>
    public static string Cannot(int error) => $"cannot be read: {Marshal.GetPInvokeErrorMessage(error)}";

    private static PlanFile Read(PlanPath path, SafeFileHandle file, string? exposure)
    {
        // Between the look and the opening somebody may have put another file in its place, of another kind even.
        if (Libc.Status(file, out var opened) != 0 || !opened.IsRegular)
        {
            return Unreadable(path, null, exposure, "changed while it was read");
        }

        var text = ReadAll(file, opened.Size);
        if (Libc.Status(file, out var after) != 0 || after != opened)
        {
            // Half of a plan may well be a plan; it must not be run.
            return Unreadable(path, null, exposure, "changed while it was read; it is read again");
        }

        var reading = PlanParser.Parse(text.Span);
        var entry = new CatalogueEntry(
            path.Set,
            path.Name,
            path.File,
            text.Length > PlanParser.MaximumBytes ? default : text,
            exposure is null ? reading : Exposed(reading, exposure),
            opened.ModifiedAt);
        return new PlanFile(after, exposure, entry);
    }

    private static PlanReading Exposed(PlanReading reading, string exposure) =>
        new(null, [new Diagnostic(Severity.Error, 0, 0, exposure), .. reading.Diagnostics]);

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
