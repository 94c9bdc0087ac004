using System.Runtime.InteropServices;

namespace Hephaestus.Cli.Output;

/// <summary>
/// The kernel's own calls on the standard streams. .NET's console is not used: it takes a write to a closed pipe for a
/// success, and it sends sequences of its own to a terminal.
/// </summary>
internal static partial class Libc
{
    public const int Interrupted = 4; // EINTR
    public const int Again = 11; // EAGAIN
    public const int BrokenPipe = 32; // EPIPE

    public const int Continue = 18; // SIGCONT

    private const short Writable = 4; // POLLOUT
    private const short Failed = 8; // POLLERR
    private const nuint GetWindowSize = 0x5413; // TIOCGWINSZ

    /// <summary>Writes some of the bytes; a negative number: the error, negated.</summary>
    public static unsafe int Write(int descriptor, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            var written = write(descriptor, start, bytes.Length);
            return written >= 0 ? (int)written : -Marshal.GetLastPInvokeError();
        }
    }

    /// <summary>Waits until the descriptor takes bytes or has failed; who shares it may have made it non-blocking.</summary>
    public static unsafe void WaitWritable(int descriptor)
    {
        var wanted = new PollRequest { Descriptor = descriptor, Events = Writable };
        _ = poll(&wanted, 1, -1);
    }

    /// <summary>Waits until the other end of a pipe or socket is closed; false: it is none.</summary>
    public static unsafe bool WaitClosed(int descriptor)
    {
        var wanted = new PollRequest { Descriptor = descriptor };
        while (poll(&wanted, 1, -1) < 0 && Marshal.GetLastPInvokeError() == Interrupted)
        {
        }

        return (wanted.Happened & Failed) != 0;
    }

    public static bool IsTerminal(int descriptor) => isatty(descriptor) == 1;

    /// <summary>Columns of a terminal; 0: unknown.</summary>
    public static unsafe int Columns(int descriptor)
    {
        WindowSize size = default;
        return ioctl(descriptor, GetWindowSize, &size) == 0 ? size.Columns : 0;
    }

    /// <summary>Ends the process at once, whatever its threads do.</summary>
    public static void Exit(int code) => _exit(code);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint write(int descriptor, byte* bytes, nint count);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int poll(PollRequest* requests, nuint count, int milliseconds);

    [LibraryImport("libc")]
    private static partial int isatty(int descriptor);

    [LibraryImport("libc")]
    private static unsafe partial int ioctl(int descriptor, nuint request, WindowSize* size);

    [LibraryImport("libc")]
    private static partial void _exit(int code);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollRequest
    {
        public int Descriptor;
        public short Events;
        public short Happened;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort Width;
        public ushort Height;
    }
}
