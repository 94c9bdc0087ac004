using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Supervision;

/// <summary>The part about users: who they are, and how one thread becomes one of them for a moment.</summary>
internal static partial class Libc
{
    public const int ERANGE = 34;

    private const int LargestEntry = 1024 * 1024;
    private const int MostGroups = 65_536;
    private const nint Unchanged = -1;
    private const int PR_CAP_AMBIENT = 47;
    private const nuint PR_CAP_AMBIENT_CLEAR_ALL = 4;

    private static readonly bool s_isX64 = RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>The user that this process acts as.</summary>
    public static uint User() => geteuid();

    /// <summary>Looks a user up wherever the system looks users up; null: there is none of that name.</summary>
    /// <exception cref="IOException">The system could not look.</exception>
    public static unsafe Account? FindUser(string name)
    {
        for (var size = 4096; size <= LargestEntry; size *= 4)
        {
            var text = new byte[size];
            fixed (byte* buffer = text)
            {
                var error = getpwnam_r(name, out var entry, buffer, (nuint)size, out var found);
                if (error == 0)
                {
                    return found == 0 ? null : AccountOf(name, entry);
                }

                if (error != ERANGE)
                {
                    throw new IOException(Marshal.GetPInvokeErrorMessage(error), error);
                }
            }
        }

        throw new IOException("its entry is too long");
    }

    /// <summary>
    /// Lets this thread alone act as another user; the others, and the saved ids that lead back, stay root's. A program
    /// that the thread starts has lost those: exec overwrites them. (The C library's own calls would change all threads.)
    /// </summary>
    /// <returns>0 or an errno; then nothing has changed.</returns>
    public static int BecomeUser(uint user, uint group, ReadOnlySpan<uint> groups)
    {
        // Ambient capabilities go by themselves only when no id is root's any more, and would be the program's. Root needs
        // none, so that they need not come back. Kernels that do not know them have none.
        _ = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
        var error = SetGroups(groups);
        error = error != 0 ? error : Called(syscall(SetResGid, (nint)group, (nint)group, Unchanged, 0));
        error = error != 0 ? error : Called(syscall(SetResUid, (nint)user, (nint)user, Unchanged, 0));
        if (error != 0)
        {
            BecomeRoot([]);
        }

        return error;
    }

    /// <summary>Leads this thread back.</summary>
    /// <param name="groups">Root's supplementary groups.</param>
    public static void BecomeRoot(ReadOnlySpan<uint> groups)
    {
        if (syscall(SetResUid, 0, 0, 0, 0) != 0 || syscall(SetResGid, 0, 0, 0, 0) != 0 || SetGroups(groups) != 0)
        {
            // To start the next step as the last one's user would be far worse than to end.
            Exit(1);
        }
    }

    /// <summary>
    /// Lets this thread look at files as another user, for the rest of its life. Unlike <see cref="BecomeUser"/> it gives
    /// that user no power over the thread: its user stays root, and only what it may do with files changes. (As with any
    /// change of a thread's user, the kernel writes no core dumps of this process from then on.)
    /// </summary>
    /// <returns>False: that is not allowed here.</returns>
    public static bool LookAs(Account account)
    {
        var allowed = SetGroups(account.Groups.AsSpan()) == 0;
        // These two never fail; asked for an id that is none, they tell what the id is now.
        syscall(SetFsGid, (nint)account.Group, 0, 0, 0);
        syscall(SetFsUid, (nint)account.User, 0, 0, 0);
        return allowed
            && syscall(SetFsGid, -1, 0, 0, 0) == (nint)account.Group
            && syscall(SetFsUid, -1, 0, 0, 0) == (nint)account.User;
    }

    /// <summary>The supplementary groups of this process.</summary>
    public static unsafe uint[] Groups()
    {
        var groups = new uint[MostGroups];
        fixed (uint* start = groups)
        {
            return groups[..Math.Max(0, getgroups(MostGroups, start))];
        }
    }

    /// <summary>Gives a file to a user, with these permissions.</summary>
    /// <exception cref="IOException">That is not allowed.</exception>
    public static void Give(string path, uint user, uint group, uint mode)
    {
        if (chmod(path, mode) != 0 || chown(path, user, group) != 0)
        {
            throw Error(path);
        }
    }

    /// <summary>Gives an open file to whomever another file belongs to.</summary>
    /// <exception cref="IOException">That is not allowed, or the other is missing.</exception>
    public static void GiveTo(SafeFileHandle file, string like)
    {
        if (StatX(StatAtCwd, like, 0, StatBasicAndBirth, out var status) != 0 || fchown(file, status.User, status.Group) != 0)
        {
            throw Error(like);
        }
    }

    private static nint SetResUid => s_isX64 ? 117 : 147;

    private static nint SetResGid => s_isX64 ? 119 : 149;

    private static nint SetFsUid => s_isX64 ? 122 : 151;

    private static nint SetFsGid => s_isX64 ? 123 : 152;

    private static nint SetGroupsCall => s_isX64 ? 116 : 159;

    private static unsafe int SetGroups(ReadOnlySpan<uint> groups)
    {
        fixed (uint* start = groups)
        {
            return Called(syscall(SetGroupsCall, groups.Length, (nint)start, 0, 0));
        }
    }

    private static int Called(nint result) => result == 0 ? 0 : Marshal.GetLastPInvokeError();

    private static unsafe Account AccountOf(string name, in PasswordEntry entry)
    {
        var count = MostGroups;
        var groups = new uint[count];
        fixed (uint* start = groups)
        {
            count = getgrouplist(name, entry.Group, start, ref count) < 0 ? 0 : count;
        }

        return new Account(name, entry.User, entry.Group, [.. groups[..count]], Text(entry.Home), Text(entry.Shell));
    }

    private static string Text(nint text) => Marshal.PtrToStringUTF8(text) ?? "";

    /// <summary><c>struct passwd</c> of 64-bit C libraries.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PasswordEntry
    {
        public nint Name;
        public nint Password;
        public uint User;
        public uint Group;
        public nint Comment;
        public nint Home;
        public nint Shell;
    }

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int getpwnam_r(string name, out PasswordEntry entry, byte* buffer, nuint size, out nint found);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int getgrouplist(string name, uint group, uint* groups, ref int count);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int getgroups(int count, uint* groups);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chmod(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chown(string path, uint user, uint group);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchown(SafeFileHandle file, uint user, uint group);
}
