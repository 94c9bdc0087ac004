using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Supervision;

/// <summary>File systems, and what this process may do there.</summary>
internal static partial class Libc
{
    public const int EACCES = 13;
    public const int EROFS = 30;

    private const int AccessWrite = 2;
    private const int AccessSearch = 1;
    private const int AccessRead = 4;
    private const int OpenUnnamed = 0x400000;

    /// <summary>Whether this process can make files in a directory: 0, or an errno. As the kernel sees it: EROFS too.</summary>
    public static int CanWriteIn(string directory) => Access(directory, AccessRead | AccessWrite | AccessSearch);

    /// <summary>Whether this process can read and write a file: 0, or an errno.</summary>
    public static int CanWrite(string file) => Access(file, AccessRead | AccessWrite);

    /// <summary>Whom a path belongs to, and its rights.</summary>
    /// <exception cref="IOException">It is not there; HResult is the errno.</exception>
    public static (uint User, UnixFileMode Mode) Owner(string path)
    {
        const UnixFileMode all = (UnixFileMode)0xfff;
        return StatX(StatAtCwd, path, 0, StatBasicAndBirth, out var status) == 0
            ? (status.User, (UnixFileMode)status.Mode & all)
            : throw Error(path);
    }

    /// <summary>The space and the kind of the file system that holds a path.</summary>
    /// <exception cref="IOException">The path is not there; HResult is the errno.</exception>
    public static unsafe FileSystem FileSystemOf(string path)
    {
        // Both structures begin with these on every 64-bit Linux; what follows is not looked at.
        var space = stackalloc ulong[32];
        var kind = stackalloc ulong[32];
        return statvfs(path, space) == 0 && statfs(path, kind) == 0
            ? new FileSystem((uint)kind[0], (long)(space[4] * space[1]), (long)space[5], (long)space[7])
            : throw Error(path);
    }

    /// <summary>Opens a file in a directory that never has a name; null: the file system does not know how.</summary>
    /// <exception cref="IOException">The directory cannot be written; HResult is the errno.</exception>
    public static SafeFileHandle? OpenUnnamedIn(string directory)
    {
        const int openDirectoryOnArm = 0x4000, openDirectory = 0x10000;
        var flag = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? openDirectoryOnArm : openDirectory;
        var descriptor = open(directory, OpenUnnamed | flag | O_RDWR | O_CLOEXEC, 0b110_000_000);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true)
            : Marshal.GetLastPInvokeError() is EOPNOTSUPP or EISDIR or NoSuchFile or EINVAL ? null
            : throw Error(directory);
    }

    private const int EISDIR = 21;

    private static int Access(string path, int mode) => access(path, mode) == 0 ? 0 : Marshal.GetLastPInvokeError();

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int access(string path, int mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statvfs(string path, ulong* status);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statfs(string path, ulong* status);
}

/// <summary>A file system.</summary>
/// <param name="Kind">The kernel's magic number, statfs(2).</param>
/// <param name="FreeBytes">For this user.</param>
/// <param name="Files">Files and directories that it can hold; 0: it knows no such limit.</param>
/// <param name="FreeFiles">How many more this user can make.</param>
internal sealed record FileSystem(uint Kind, long FreeBytes, long Files, long FreeFiles);
