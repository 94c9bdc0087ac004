using System.Runtime.InteropServices;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>A gate for steps: who reads it waits for one who writes, and the reverse.</summary>
internal static partial class Fifo
{
    private const uint ReadableAndWritableByOwner = 0b110_000_000;

    public static void Make(string path) => Assert.Equal(0, mkfifo(path, ReadableAndWritableByOwner));

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkfifo(string path, uint mode);
}
