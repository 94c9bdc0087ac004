using System.Runtime.InteropServices;
using Hephaestus.Server.Supervision;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Logs;

/// <summary>Tries whether a filesystem lets the kernel move a pipe's bytes into its files.</summary>
internal static class SpliceCheck
{
    /// <exception cref="IOException">The directory cannot be written.</exception>
    public static bool Works(string directory)
    {
        var path = Path.Combine(directory, $".splice-{Environment.ProcessId}");
        using var file = Libc.Open(path, Libc.O_RDWR | Libc.O_CREAT);
        File.Delete(path);
        return Works(file, path);
    }

    /// <summary>The same, with a file that never has a name; null: that cannot be tried here.</summary>
    public static bool? WorksUnnamed(string directory)
    {
        try
        {
            using var file = Libc.OpenUnnamedIn(directory);
            return file is null ? null : Works(file, directory);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static bool Works(SafeFileHandle file, string path)
    {
        var (reader, writer) = Libc.Pipe();
        using (reader)
        using (writer)
        {
            Libc.Write(writer, [0]);
            return Libc.Splice(reader, file, 0, 1) switch
            {
                1 => true,
                _ when Marshal.GetLastPInvokeError() == Libc.EINVAL => false,
                // A full disk says nothing about splice; the pump waits for space anyway.
                _ when Marshal.GetLastPInvokeError() == Libc.ENOSPC => true,
                _ => throw Libc.Error(path),
            };
        }
    }
}
