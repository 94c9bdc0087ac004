using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Supervision;

/// <summary>Files and FIFOs.</summary>
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

    private const int F_SETPIPE_SZ = 1031;
    private const int FALLOC_FL_KEEP_SIZE = 1;
    private const int LockAlone = 2 | 4;
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

    /// <summary>Makes a FIFO with mode 0600, where nothing is.</summary>
    /// <exception cref="IOException">It cannot be made; HResult is the errno.</exception>
    public static void MakeFifo(string path)
    {
        if (mkfifo(path, 0b110_000_000) != 0 && Marshal.GetLastPInvokeError() != EEXIST)
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
    /// Copies a byte that waits in one pipe into another, without waiting and without taking it: 1, 0 where nothing waits
    /// and nobody can write, -1 where nothing waits or the other pipe is full.
    /// </summary>
    public static nint CopyOne(SafeFileHandle from, SafeFileHandle to) => tee(from, to, 1, SPLICE_F_MOVE_NONBLOCK);

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

    /// <summary>Takes a lock, alone, that goes with the descriptor; false: another has it.</summary>
    /// <exception cref="IOException">The file system knows no locks; HResult is the errno.</exception>
    public static bool TryLock(SafeFileHandle file, string path) =>
        flock(file, LockAlone) == 0 || (Marshal.GetLastPInvokeError() is EAGAIN or EINTR ? false : throw Error(path));

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
    private static partial int flock(SafeFileHandle file, int operation);
}
