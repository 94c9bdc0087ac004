using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Supervision;

/// <summary>
/// The part about the status of files: .NET tells neither inodes nor what a symbolic link leads to in one call, and its
/// way to open a file waits for a writer when somebody puts a FIFO in its place.
/// </summary>
internal static partial class Libc
{
    /// <summary>No such file or directory.</summary>
    public const int NoSuchFile = 2;

    /// <summary>The status of what the path leads to, links followed; 0 or an errno.</summary>
    public static int Status(string path, out FileStatus status) => Status(StatAtCwd, path, 0, out status);

    /// <summary>The status of the path itself, be it a link; 0 or an errno.</summary>
    public static int LinkStatus(string path, out FileStatus status) => Status(StatAtCwd, path, StatNoFollow, out status);

    /// <summary>The status of an open file; 0 or an errno.</summary>
    public static int Status(SafeFileHandle file, out FileStatus status) =>
        Status((int)file.DangerousGetHandle(), "", StatEmptyPath, out status);

    /// <summary>
    /// Opens for reading without waiting, whatever it is, and without taking a terminal or a lock. Null and an errno
    /// when it cannot be opened.
    /// </summary>
    public static SafeFileHandle? OpenWithoutWaiting(string path, out int error)
    {
        var descriptor = OpenFile(path, OpenReadOnly | OpenNonBlocking | OpenNoTerminal | OpenCloseOnExec);
        error = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>More symbolic links than a path may lead through.</summary>
    public const int TooManyLinks = 40;

    /// <summary>A part of the path is no directory.</summary>
    public const int NotADirectory = 20;

    /// <summary>Whether this thread may enter a directory; 0 or an errno.</summary>
    // The last step, into the directory itself, needs the right to enter it; its status alone does not.
    public static int Enter(string directory) => Status($"{directory}/.", out _);

    /// <summary>Whether this thread may run a program file.</summary>
    public static bool MayRun(string path) =>
        Status(path, out var status) == 0 && status.IsRegular && faccessat(StatAtCwd, path, Executable, EffectiveIds) == 0;

    /// <summary>Whether this process may write to a file, or make files in a directory.</summary>
    public static bool MayWrite(string path) => access(path, W_OK) == 0;

    /// <summary>An extended attribute of at most 255 bytes; null: there is none, or it must not be read.</summary>
    public static unsafe string? Attribute(string path, string name)
    {
        var value = stackalloc byte[255];
        var length = getxattr(path, name, value, 255);
        return length < 0 ? null : Encoding.UTF8.GetString(value, (int)length);
    }

    /// <summary>The errno of the last call that failed.</summary>
    public static int LastError => Marshal.GetLastPInvokeError();

    private const int W_OK = 2;
    private const int StatAtCwd = -100;
    private const int Executable = 1;
    private const int EffectiveIds = 0x200;
    private const int StatNoFollow = 0x100;
    private const int StatEmptyPath = 0x1000;
    private const uint StatBasicAndBirth = 0xfff;
    private const int OpenReadOnly = 0;
    private const int OpenNoTerminal = 0x100;
    private const int OpenNonBlocking = 0x800;
    private const int OpenCloseOnExec = 0x80000;
    private const long NanosecondsPerSecond = 1_000_000_000;

    private static int Status(int directory, string path, int flags, out FileStatus status)
    {
        if (StatX(directory, path, flags, StatBasicAndBirth, out var raw) != 0)
        {
            status = default;
            return Marshal.GetLastPInvokeError();
        }

        status = new FileStatus(
            ((ulong)raw.DeviceMajor << 32) | raw.DeviceMinor,
            raw.Inode,
            raw.Mode,
            (long)raw.Size,
            raw.Modified.Nanoseconds,
            raw.Changed.Nanoseconds,
            raw.Born.Nanoseconds,
            raw.User);
        return 0;
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int directory, string path, int flags, uint mask, out RawStatus status);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int faccessat(int directory, string path, int mode, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial nint getxattr(string path, string name, byte* value, nuint size);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);

    /// <summary><c>struct statx</c>, the same on every architecture.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct RawStatus
    {
        [FieldOffset(20)]
        public uint User;

        [FieldOffset(24)]
        public uint Group;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(40)]
        public ulong Size;

        [FieldOffset(80)]
        public RawTime Born;

        [FieldOffset(96)]
        public RawTime Changed;

        [FieldOffset(112)]
        public RawTime Modified;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;
    }

    /// <summary><c>struct statx_timestamp</c>.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 16)]
    private struct RawTime
    {
        public long Second;
        public uint Fraction;

        public readonly long Nanoseconds => unchecked((Second * NanosecondsPerSecond) + Fraction);
    }
}
