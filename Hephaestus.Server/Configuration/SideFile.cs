using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Configuration;

/// <summary>A file beside the configuration: a certificate, a key, tokens.</summary>
/// <param name="Warnings">What is wrong with its rights, if it is for the server's eyes alone.</param>
internal sealed record SideFile(string Text, ImmutableArray<string> Warnings)
{
    /// <summary>None is longer; what is, was put there by mistake.</summary>
    private const int MostBytes = 1024 * 1024;

    private const int ReadableByOthers = 0b000_000_100;
    private const int WritableByOthers = 0b000_010_010;

    /// <summary>Reads it whole.</summary>
    /// <exception cref="IOException">It cannot be read, is no file or too long; the message names it, HResult may be an errno.</exception>
    public static SideFile Read(string path)
    {
        // A FIFO or a device would be waited for.
        using var file = Libc.OpenWithoutWaiting(path, out var error);
        if (file is null || (error = Libc.Status(file, out var status)) != 0)
        {
            throw new IOException($"{path}: cannot be read: {Marshal.GetPInvokeErrorMessage(error)}", error);
        }

        return !status.IsRegular ? throw new IOException($"{path}: is not a file")
            : status.Size > MostBytes ? throw new IOException($"{path}: is longer than {MostBytes} bytes")
            : new SideFile(Content(file, (int)status.Size), Exposure(path, status.Mode) is { } exposed ? [exposed] : []);
    }

    private static string Content(Microsoft.Win32.SafeHandles.SafeFileHandle file, int size)
    {
        var bytes = new byte[size];
        var length = 0;
        while (length < size && RandomAccess.Read(file, bytes.AsSpan(length), length) is > 0 and var count)
        {
            length += count;
        }

        return Encoding.UTF8.GetString(bytes, 0, length);
    }

    private static string? Exposure(string path, ushort mode) =>
        (mode & WritableByOthers) != 0 ? $"{path} can be written by other users; see whether anybody has, and chmod 600 it"
        : (mode & ReadableByOthers) != 0 ? $"{path} can be read by every user; chmod 600 it"
        : null;
}
