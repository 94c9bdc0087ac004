using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Supervision;

/// <summary>Waiting for files, for times and for each other: epoll, timers and events.</summary>
internal static partial class Libc
{
    public const int EPOLL_CTL_ADD = 1;
    public const int EPOLL_CTL_MOD = 3;
    private const int EPOLL_CTL_DEL = 2;
    public const uint EPOLLIN = 0x1;
    public const uint EPOLLHUP = 0x10;
    public const uint EPOLLONESHOT = 1u << 30;

    private const int EPOLL_CLOEXEC = O_CLOEXEC;
    private const int CLOCK_MONOTONIC = 1;
    private const int TFD_TIMER_ABSTIME = 1;

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
