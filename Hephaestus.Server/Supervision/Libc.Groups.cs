using System.Runtime.InteropServices;

namespace Hephaestus.Server.Supervision;

/// <summary>The part about groups.</summary>
internal static partial class Libc
{
    /// <summary>Looks a group's number up wherever the system looks groups up; null: there is none of that name.</summary>
    /// <exception cref="IOException">The system could not look.</exception>
    public static unsafe uint? FindGroup(string name)
    {
        for (var size = 4096; size <= LargestEntry; size *= 4)
        {
            var text = new byte[size];
            fixed (byte* buffer = text)
            {
                var error = getgrnam_r(name, out var entry, buffer, (nuint)size, out var found);
                if (error == 0)
                {
                    return found == 0 ? null : entry.Group;
                }

                if (error != ERANGE)
                {
                    throw new IOException(Marshal.GetPInvokeErrorMessage(error), error);
                }
            }
        }

        throw new IOException("its entry is too long");
    }

    /// <summary><c>struct group</c> of 64-bit C libraries.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct GroupEntry
    {
        public nint Name;
        public nint Password;
        public uint Group;
        public nint Members;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int getgrnam_r(string name, out GroupEntry entry, byte* buffer, nuint size, out nint found);
}
