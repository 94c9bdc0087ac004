using System.Runtime.InteropServices;

namespace Hephaestus.Server.Supervision;

/// <summary>The names of users and groups, wherever the system looks them up.</summary>
internal static partial class Libc
{
    private unsafe delegate int Lookup<TEntry>(out TEntry entry, byte* buffer, nuint size, out nint found);

    /// <summary>What the system calls a user; null: it has no name for it.</summary>
    /// <exception cref="IOException">The system could not look.</exception>
    public static unsafe string? UserName(uint user) =>
        Find<PasswordEntry, string>(
            (out entry, buffer, size, out found) => getpwuid_r(user, out entry, buffer, size, out found),
            entry => Text(entry.Name));

    /// <summary>The number of a group; null: there is none of that name.</summary>
    /// <exception cref="IOException">The system could not look.</exception>
    public static unsafe uint? FindGroup(string name) =>
        Find<GroupEntry, object>(
            (out entry, buffer, size, out found) => getgrnam_r(name, out entry, buffer, size, out found),
            entry => entry.Group) as uint?;

    /// <summary>Looks with as much room as the entry needs.</summary>
    private static unsafe T? Find<TEntry, T>(Lookup<TEntry> look, Func<TEntry, T> take)
        where T : class
    {
        for (var size = 4096; size <= LargestEntry; size *= 4)
        {
            fixed (byte* buffer = new byte[size])
            {
                var error = look(out var entry, buffer, (nuint)size, out var found);
                if (error == 0)
                {
                    // The entry's texts lie in the buffer.
                    return found == 0 ? null : take(entry);
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

    [LibraryImport("libc")]
    private static unsafe partial int getpwuid_r(uint user, out PasswordEntry entry, byte* buffer, nuint size, out nint found);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int getgrnam_r(string name, out GroupEntry entry, byte* buffer, nuint size, out nint found);
}
