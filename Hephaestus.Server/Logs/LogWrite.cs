using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Logs;

/// <summary>Writes to a log's files. .NET does not know the paths of descriptors that it has not opened itself.</summary>
internal static class LogWrite
{
    /// <summary>Writes all the bytes at an offset.</summary>
    /// <exception cref="IOException">It could not; the message names the file. Some of the bytes may be written.</exception>
    public static void At(SafeFileHandle file, string path, ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            RandomAccess.Write(file, bytes, offset);
        }
        catch (IOException problem)
        {
            throw new IOException($"{path}: {problem.Message}", problem);
        }
    }
}
