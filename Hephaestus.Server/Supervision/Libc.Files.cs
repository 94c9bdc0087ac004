using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Supervision;

/// <summary>Files, FIFOs and waiting for them.</summary>
internal static partial class Libc
{
    public const int O_RDONLY = 0;
    public const int O_WRONLY = 1;
    public const int O_RDWR = 2;
    public const int O_CREAT = 0x40;
    public const int O_EXCL = 0x80;
    public const int O_APPEND = 0x400;
    public const int O_NONBLOCK = 0x800;
    public const int O_CLOEXEC = 0x80000;

    public const int EINTR = 4;
    public const int EAGAIN = 11;
    public const int EINVAL = 22;
    public const int ENOSPC = 28;
    public const int EOPNOTSUPP = 95;

    public const int EPOLL_CTL_ADD = 1;
    public const int EPOLL_CTL_MOD = 3;
    private const int EPOLL_CTL_DEL = 2;
    public const uint EPOLLIN = 0x1;
    public const uint EPOLLHUP = 0x10;
    public const uint EPOLLONESHOT = 1u << 30;

    private const int F_SETPIPE_SZ = 1031;
    private const int FALLOC_FL_KEEP_SIZE = 1;
    private const int EPOLL_CLOEXEC = O_CLOEXEC;
    private const int CLOCK_MONOTONIC = 1;
    private const int TFD_TIMER_ABSTIME = 1;
    private const int FIONREAD = 0x541B;
    private const uint SPLICE_F_MOVE_NONBLOCK = 3;

    /// <summary>Opens a file; a new one gets mode 0600.</summary>
    /// <exception cref="IOException">
    /// It cannot be opened, or too few descriptors would be left for what cannot wait; HResult is the errno.
    /// </exception>
    /// <param name="use">What is begun must not take what it takes to end.</param>
    public static SafeFileHandle Open(string path, int flags, DescriptorUse use = DescriptorUse.Work)
    {
        var descriptor = open(path, flags | O_CLOEXEC, 0b110_000_000);
        if (descriptor < 0)
        {
            throw Error(path);
        }

        var opened = new SafeFileHandle(descriptor, ownsHandle: true);
        if (Descriptors.Suffice(descriptor, use))
        {
            return opened;
        }

        // The kernel gives the lowest that is free: all below are in use.
        opened.Dispose();
        Marshal.SetLastPInvokeError(EMFILE);
        throw Error(path);
    }

    /// <summary>A descriptor that is not this handle's to close.</summary>
    public static SafeFileHandle Borrow(int descriptor) => new(descriptor, ownsHandle: false);

    /// <summary>Makes a file with mode 0600; null: there is one.</summary>
    /// <exception cref="IOException">It cannot be made; HResult is the errno.</exception>
    public static SafeFileHandle? TryCreate(string path)
    {
        var descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0b110_000_000);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true)
            : Marshal.GetLastPInvokeError() == EEXIST ? null
            : throw Error(path);
    }

    /// <summary>Makes a FIFO with mode 0600.</summary>
    /// <exception cref="IOException">It cannot be made; HResult is the errno.</exception>
    public static void MakeFifo(string path)
    {
        if (mkfifo(path, 0b110_000_000) != 0)
        {
            throw Error(path);
        }
    }

    /// <summary>Asks for a larger buffer; gives the pipe's size then, in bytes. To be refused is normal.</summary>
    public static int Enlarge(SafeFileHandle pipe, int bytes) => fcntl(pipe, F_SETPIPE_SZ, bytes);

    /// <summary>A pipe: the end to read and the end to write, neither blocking.</summary>
    public static unsafe (SafeFileHandle Reader, SafeFileHandle Writer) Pipe()
    {
        var ends = stackalloc int[2];
        return pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0
            ? (new SafeFileHandle(ends[0], true), new SafeFileHandle(ends[1], true))
            : throw Error("pipe");
    }

    /// <summary>Moves bytes inside the kernel, from a pipe to a place in a file, without waiting for the pipe.</summary>
    /// <returns>The bytes moved; 0: the pipe is empty and nobody holds its other end; -1: see the last error.</returns>
    public static nint Splice(SafeFileHandle pipe, SafeFileHandle file, long offset, int count)
    {
        nint moved;
        do
        {
            moved = splice(pipe, 0, file, ref offset, (nuint)count, SPLICE_F_MOVE_NONBLOCK);
        }
        while (Interrupted(moved));
        return moved;
    }

    /// <summary>Reads without waiting; answers like <see cref="Splice"/>.</summary>
    public static unsafe nint Read(SafeFileHandle pipe, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            nint count;
            do
            {
                count = read(pipe, start, (nuint)buffer.Length);
            }
            while (Interrupted(count));
            return count;
        }
    }

    /// <summary>Writes to a pipe what finds room there.</summary>
    public static unsafe nint Write(SafeFileHandle pipe, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            return write(pipe, start, (nuint)bytes.Length);
        }
    }

    /// <summary>
    /// Whether bytes wait in a pipe or somebody can still write some, found out without taking any: poll would not tell
    /// whoever opened a FIFO after its last writer had gone.
    /// </summary>
    public static bool IsOpen(SafeFileHandle pipe)
    {
        var (reader, writer) = Pipe();
        using (reader)
        using (writer)
        {
            return tee(pipe, writer, 1, SPLICE_F_MOVE_NONBLOCK) != 0;
        }
    }

    /// <summary>Takes disk space ahead; the file's length stays.</summary>
    /// <returns>False: the filesystem does not know how.</returns>
    /// <exception cref="IOException">There is no space.</exception>
    public static bool Allocate(SafeFileHandle file, string path, long offset, long length)
    {
        int result;
        do
        {
            result = fallocate(file, FALLOC_FL_KEEP_SIZE, offset, length);
        }
        while (Interrupted(result));
        return result == 0 || (Marshal.GetLastPInvokeError() == EOPNOTSUPP ? false : throw Error(path));
    }

    /// <summary>Bytes that wait in a pipe.</summary>
    public static int Waiting(SafeFileHandle pipe) =>
        ioctl(pipe, FIONREAD, out var bytes) == 0 ? bytes : throw Error("FIFO");

    /// <summary>Brings a file's bytes, and what it takes to find them, to the disk.</summary>
    /// <exception cref="IOException">The disk failed, or it is not there; HResult is the errno.</exception>
    public static void SyncData(string path)
    {
        using var file = Open(path, O_RDONLY);
        SyncData(file, path);
    }

    /// <summary>Brings a file, or a directory's entries, to the disk.</summary>
    public static void Sync(string path)
    {
        using var file = Open(path, O_RDONLY);
        if (fsync(file) != 0)
        {
            throw Error(path);
        }
    }

    /// <inheritdoc cref="SyncData(string)"/>
    public static void SyncData(SafeFileHandle file, string path)
    {
        if (fdatasync(file) != 0)
        {
            throw Error(path);
        }
    }

    public static SafeFileHandle NewEpoll() => Owned(epoll_create1(EPOLL_CLOEXEC), "epoll");

    /// <summary>A counter that, once written, makes all wake who wait for it.</summary>
    public static SafeFileHandle NewEvent() => Owned(eventfd(0, O_CLOEXEC | O_NONBLOCK), "eventfd");

    /// <summary>A timer on the clock of <see cref="System.Diagnostics.Stopwatch"/>.</summary>
    public static SafeFileHandle NewTimer() => Owned(timerfd_create(CLOCK_MONOTONIC, O_CLOEXEC | O_NONBLOCK), "timerfd");

    /// <summary>Lets the timer go off at a time in ns, at once if that has passed; until then it is quiet.</summary>
    public static unsafe void SetTimer(SafeFileHandle timer, long nanoseconds)
    {
        var (seconds, rest) = Math.DivRem(Math.Max(nanoseconds, 1), 1_000_000_000);
        var setting = stackalloc nint[4] { 0, 0, (nint)seconds, (nint)rest };
        if (timerfd_settime(timer, TFD_TIMER_ABSTIME, setting, null) != 0)
        {
            throw Error("timerfd");
        }
    }

    /// <summary>Makes a timer that has gone off quiet.</summary>
    public static void ClearTimer(SafeFileHandle timer)
    {
        Span<byte> count = stackalloc byte[sizeof(ulong)];
        _ = Read(timer, count);
    }

    /// <summary>Wakes all who wait for an event, for good.</summary>
    public static void Signal(SafeFileHandle raised)
    {
        ReadOnlySpan<byte> one = [1, 0, 0, 0, 0, 0, 0, 0];
        if (Write(raised, one) < 0)
        {
            throw Error("eventfd");
        }
    }

    /// <summary>Adds or changes what is waited for.</summary>
    public static void Watch(SafeFileHandle epoll, int operation, SafeFileHandle file, uint events, long key)
    {
        var wanted = new EpollEvent(events, key);
        if (epoll_ctl(epoll, operation, file, ref wanted) != 0)
        {
            throw Error("epoll");
        }
    }

    /// <summary>Ends the waiting for a file.</summary>
    public static void Unwatch(SafeFileHandle epoll, SafeFileHandle file)
    {
        var nothing = default(EpollEvent);
        _ = epoll_ctl(epoll, EPOLL_CTL_DEL, file, ref nothing);
    }

    /// <summary>Waits, without bound, for one event.</summary>
    public static EpollEvent Wait(SafeFileHandle epoll)
    {
        var happened = default(EpollEvent);
        while (epoll_wait(epoll, ref happened, 1, -1) != 1)
        {
            if (Marshal.GetLastPInvokeError() != EINTR)
            {
                throw Error("epoll");
            }
        }

        return happened;
    }

    /// <summary>The last error as an exception; HResult is the errno.</summary>
    public static IOException Error(string what)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{what}: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

    /// <summary>The runtime stops its threads by signals; not every filesystem lets the kernel repeat a call by itself.</summary>
    private static bool Interrupted(nint result) => result < 0 && Marshal.GetLastPInvokeError() == EINTR;

    private static SafeFileHandle Owned(int descriptor, string what) =>
        descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw Error(what);

    /// <summary>
    /// <c>struct epoll_event</c>. The kernel packs it on x86 alone, so the data has two possible places; only arrays of
    /// one are used.
    /// </summary>
    [StructLayout(LayoutKind.Explicit, Size = 16)]
    public struct EpollEvent
    {
        private static readonly bool s_packed = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86;

        [FieldOffset(0)]
        private readonly uint _events;

        [FieldOffset(4)]
        private readonly int _packedKey;

        [FieldOffset(8)]
        private readonly int _alignedKey;

        public EpollEvent(uint events, long key)
        {
            _events = events;
            _packedKey = s_packed ? (int)key : 0;
            _alignedKey = s_packed ? 0 : (int)key;
        }

        public readonly uint Events => _events;

        public readonly int Key => s_packed ? _packedKey : _alignedKey;
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkfifo(string path, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(SafeFileHandle file, int command, int argument);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int pipe2(int* ends, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint splice(
        SafeFileHandle from, nint fromOffset, SafeFileHandle to, ref long toOffset, nuint count, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint read(SafeFileHandle file, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint write(SafeFileHandle file, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint tee(SafeFileHandle from, SafeFileHandle to, nuint count, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fallocate(SafeFileHandle file, int mode, long offset, long length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle file, nuint request, out int result);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fdatasync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(SafeFileHandle epoll, int operation, SafeFileHandle file, ref EpollEvent wanted);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_wait(SafeFileHandle epoll, ref EpollEvent happened, int count, int timeout);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int timerfd_create(int clock, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int timerfd_settime(SafeFileHandle timer, int flags, nint* setting, nint* previous);
}
