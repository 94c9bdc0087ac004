using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Supervision;

/// <summary>The part about processes: how they are made, watched and reaped, and what they inherit.</summary>
internal static partial class Libc
{
    public const int E2BIG = 7;
    public const int ENOMEM = 12;
    public const int EEXIST = 17;
    public const int ENFILE = 23;
    public const int EMFILE = 24;
    public const int ECHILD = 10;

    private const short POSIX_SPAWN_SETSIGDEF = 0x04;
    private const short POSIX_SPAWN_SETSIGMASK = 0x08;
    private const short POSIX_SPAWN_SETSID = 0x80;

    private const int P_ALL = 0;
    private const int P_PID = 1;
    private const int WNOHANG = 1;
    private const int WEXITED = 4;
    private const int WNOWAIT = 0x01000000;
    private const int CLD_EXITED = 1;

    private const int PR_SET_CHILD_SUBREAPER = 36;
    private const int RLIMIT_NOFILE = 7;
    private const int CLOSE_RANGE_CLOEXEC = 4;

    // The C library has had names for these only lately; their numbers are the same on all machines.
    private const nint SYS_pidfd_send_signal = 424;
    private const nint SYS_pidfd_open = 434;
    private const nint SYS_close_range = 436;

    private const int CLOCK_BOOTTIME = 7;

    // _IOWR(0xFF, 11, 64 bytes), linux/pidfd.h; kernel 6.13, the exit status since 6.15.
    private const uint PIDFD_GET_INFO = 0xC040FF0B;
    private const ulong PIDFD_INFO_EXIT = 1 << 3;

    // Larger than posix_spawnattr_t (336), posix_spawn_file_actions_t (80) and sigset_t (128) of any C library.
    private const int Opaque = 1024;

    /// <summary>
    /// Starts a program in a session of its own, with every signal at its default (a .NET process ignores SIGPIPE, and
    /// children inherit that) and none blocked. It reads from nowhere; nothing else of this process is passed on.
    /// </summary>
    /// <returns>The process id; or 0 and the errno: the child could not be made, enter its directory or become the program.</returns>
    public static unsafe int Spawn(in ProcessImage image, out int error)
    {
        var attributes = stackalloc byte[Opaque];
        var actions = stackalloc byte[Opaque];
        var signals = stackalloc byte[Opaque];
        Check(posix_spawnattr_init(attributes));
        Check(posix_spawn_file_actions_init(actions));
        try
        {
            // An empty mask; and all signals, 32 and 33 too, which sigfillset leaves out.
            new Span<byte>(signals, Opaque).Clear();
            Check(posix_spawnattr_setsigmask(attributes, signals));
            new Span<byte>(signals, Opaque).Fill(0xFF);
            Check(posix_spawnattr_setsigdefault(attributes, signals));
            Check(posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK));
            if (image.WorkingDirectory is { } directory)
            {
                Check(posix_spawn_file_actions_addchdir_np(actions, directory));
            }

            Check(posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0));
            Check(posix_spawn_file_actions_adddup2(actions, image.Output, 1));
            Check(posix_spawn_file_actions_adddup2(actions, image.Error, 2));
            error = posix_spawn(out var pid, image.Command[0], actions, attributes, [.. image.Command, null], [.. image.Environment, null]);
            return error == 0 ? pid : 0;
        }
        finally
        {
            _ = posix_spawn_file_actions_destroy(actions);
            _ = posix_spawnattr_destroy(attributes);
        }
    }

    /// <summary>
    /// Waits, without bound, until a child of this process has ended, and leaves it as it is. Null: there is no child.
    /// </summary>
    public static ChildExit? NextExit()
    {
        ChildInfo info;
        while (waitid(P_ALL, 0, out info, WEXITED | WNOWAIT) != 0)
        {
            if (Marshal.GetLastPInvokeError() == ECHILD)
            {
                return null;
            }
        }

        return info.Code == CLD_EXITED ? new ChildExit(info.Pid, info.Status, null) : new ChildExit(info.Pid, null, info.Status);
    }

    /// <summary>Lets the kernel forget a child that has ended; if it has not, nothing happens.</summary>
    public static void Reap(int pid) => _ = waitid(P_PID, pid, out _, WEXITED | WNOHANG);

    /// <summary>Whether this process has children, be they zombies.</summary>
    public static bool HasChildren() => waitid(P_ALL, 0, out _, WEXITED | WNOHANG | WNOWAIT) == 0;

    /// <summary>A descriptor that stands for a process and is readable once that has ended; null: there is none.</summary>
    public static SafeFileHandle? OpenProcess(int pid)
    {
        var descriptor = (int)syscall(SYS_pidfd_open, pid, 0, 0, 0);
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>Signals exactly the process that the descriptor stands for; false: it has ended.</summary>
    public static bool Signal(SafeFileHandle process, int signal) =>
        syscall(SYS_pidfd_send_signal, process.DangerousGetHandle(), signal, 0, 0) == 0;

    /// <summary>
    /// How a process ended that somebody else has reaped (raw status of wait(2)). Null: it has not, or the kernel is
    /// older than 6.15.
    /// </summary>
    public static unsafe int? ExitStatus(SafeFileHandle process)
    {
        var info = new PidfdInfo { Mask = PIDFD_INFO_EXIT };
        return ioctl_pidfd(process, unchecked((nint)PIDFD_GET_INFO), ref info) == 0 && (info.Mask & PIDFD_INFO_EXIT) != 0 ? info.ExitCode : null;
    }

    /// <summary>Processes whose parents have ended become children of this one, not of init.</summary>
    public static void BecomeSubreaper() => _ = prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);

    /// <summary>What this process has open from whoever started it is not passed on.</summary>
    public static void KeepDescriptors() => _ = syscall(SYS_close_range, 3, int.MaxValue, CLOSE_RANGE_CLOEXEC, 0);

    /// <summary>Makes one descriptor stand for what another does.</summary>
    public static void Duplicate(SafeFileHandle from, int to) => _ = dup2(from, to);

    /// <summary>Soft and hard limit of open files; 0: of this process.</summary>
    public static (ulong Soft, ulong Hard) OpenFileLimits(int pid)
    {
        var limits = default(Limits);
        return prlimit(pid, RLIMIT_NOFILE, 0, ref limits) == 0 ? (limits.Soft, limits.Hard) : (0, 0);
    }

    /// <summary>Sets the soft limit of open files of this process; what is open stays open.</summary>
    public static void LimitOpenFiles(ulong soft)
    {
        var limits = default(Limits);
        if (getrlimit(RLIMIT_NOFILE, ref limits) == 0 && soft <= limits.Hard)
        {
            limits.Soft = soft;
            _ = setrlimit(RLIMIT_NOFILE, ref limits);
        }
    }

    /// <summary>Nanoseconds since the machine was started, suspension included.</summary>
    public static long BootClock() =>
        clock_gettime(CLOCK_BOOTTIME, out var time) == 0 ? (time.Seconds * 1_000_000_000) + time.Nanoseconds : 0;

    /// <summary>Ends this process at once.</summary>
    public static void Exit(int code) => _exit(code);

    private static void Check(int error) =>
        Debug.Assert(error == 0, "These calls only fill memory.");

    /// <summary>The head of <c>siginfo_t</c> as waitid fills it, on 64-bit machines.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct ChildInfo
    {
        [FieldOffset(8)]
        public int Code;

        [FieldOffset(16)]
        public int Pid;

        [FieldOffset(24)]
        public int Status;
    }

    /// <summary><c>struct pidfd_info</c>, linux/pidfd.h.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 64)]
    private struct PidfdInfo
    {
        [FieldOffset(0)]
        public ulong Mask;

        [FieldOffset(60)]
        public int ExitCode;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Limits
    {
        public ulong Soft;
        public ulong Hard;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Time
    {
        public long Seconds;
        public long Nanoseconds;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int posix_spawn(
        out int pid, string path, byte* actions, byte* attributes, string?[] arguments, string?[] environment);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawnattr_setsigdefault(byte* attributes, byte* signals);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawnattr_setsigmask(byte* attributes, byte* signals);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int posix_spawn_file_actions_addchdir_np(byte* actions, string path);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int posix_spawn_file_actions_addopen(byte* actions, int descriptor, string path, int flags, uint mode);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawn_file_actions_adddup2(byte* actions, SafeFileHandle from, int to);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitid(int kind, int id, out ChildInfo info, int options);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint argument1, nint argument2, nint argument3, nint argument4);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int ioctl_pidfd(SafeFileHandle file, nint request, ref PidfdInfo info);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int option, nuint argument2, nuint argument3, nuint argument4, nuint argument5);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int dup2(SafeFileHandle from, int to);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prlimit(int pid, int resource, nint newLimits, ref Limits limits);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getrlimit(int resource, ref Limits limits);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setrlimit(int resource, ref Limits limits);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int clock_gettime(int clock, out Time time);

    [LibraryImport("libc")]
    private static partial void _exit(int code);
}

/// <summary>What a process is to become.</summary>
/// <param name="Command">The program's absolute path, then its arguments.</param>
/// <param name="Environment"><c>NAME=VALUE</c>.</param>
/// <param name="WorkingDirectory">Null: that of the process that spawns it.</param>
/// <param name="Output">Where its standard output goes.</param>
/// <param name="Error">Where its standard error goes.</param>
internal readonly record struct ProcessImage(
    string[] Command,
    string[] Environment,
    string? WorkingDirectory,
    SafeFileHandle Output,
    SafeFileHandle Error);

/// <summary>A child that has ended: by itself with a code from 0 to 255, or by a signal.</summary>
internal readonly record struct ChildExit(int Pid, int? Code, int? Signal);
