namespace Hephaestus.Server.Supervision;

/// <summary>
/// A file's status: two that are equal mean the same content, but for changes within one tick of the kernel's clock
/// (4 to 10 ms before kernel 6.13).
/// </summary>
/// <param name="Mode">Type and permissions, as in <c>st_mode</c>.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Modified">Of the content; nanoseconds since the epoch.</param>
/// <param name="Changed">Of anything, cannot be set by a program; nanoseconds since the epoch.</param>
/// <param name="Born">Nanoseconds since the epoch; 0 where the filesystem does not know. Tells a reused inode.</param>
/// <param name="Owner">The user that it belongs to.</param>
internal readonly record struct FileStatus(
    ulong Device,
    ulong Inode,
    ushort Mode,
    long Size,
    long Modified,
    long Changed,
    long Born,
    uint Owner)
{
    private const int TypeMask = 0xF000;
    private const int Directory = 0x4000;
    private const int Regular = 0x8000;
    private const int Socket = 0xC000;
    private const int Link = 0xA000;
    private const int Sticky = 0x200;
    private const int WritableByOthers = 0x2;

    public bool IsDirectory => (Mode & TypeMask) == Directory;

    public bool IsRegular => (Mode & TypeMask) == Regular;

    public bool IsLink => (Mode & TypeMask) == Link;

    /// <summary>Of a directory: what stands in it can be renamed and removed by its own owner and the directory's alone.</summary>
    public bool IsSticky => (Mode & Sticky) != 0;

    public bool IsSocket => (Mode & TypeMask) == Socket;

    /// <summary>Whether everybody may write; of a directory: the sticky bit is no excuse.</summary>
    public bool IsWritableByEverybody => (Mode & WritableByOthers) != 0;

    /// <summary>Whether both are of one file, be it changed in between.</summary>
    public bool IsSameFile(FileStatus other) => (Device, Inode, Born) == (other.Device, other.Inode, other.Born);

    public DateTimeOffset ModifiedAt => At(Modified);

    public DateTimeOffset ChangedAt => At(Changed);

    private static DateTimeOffset At(long nanoseconds) =>
        DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / TimeSpan.NanosecondsPerTick);
}
