using Hephaestus.Server.Supervision;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Logs;

/// <summary>The index file as its one writer sees it; not thread-safe.</summary>
internal sealed class LogIndex(SafeFileHandle file, string path, long records) : IDisposable
{
    private const long SmallestAllocation = 4 * 1024;
    private const long LargestAllocation = 64 * 1024;

    private long _allocated;
    private bool _allocates = true;

    /// <summary>Records in it.</summary>
    public long Records { get; private set; } = records;

    public SafeFileHandle File => file;

    /// <summary>Makes sure that so many records more will find space. Costs nothing when they do already.</summary>
    /// <exception cref="IOException">There is no space.</exception>
    public void EnsureRoom(int more)
    {
        var needed = (Records + more) * IndexRecord.Size;
        if (needed > _allocated && _allocates)
        {
            var ahead = needed + Math.Clamp(needed, SmallestAllocation, LargestAllocation);
            _allocates = Libc.Allocate(file, path, 0, ahead);
            _allocated = ahead;
        }
    }

    /// <summary>Appends a record. A write that fails leaves the index as it was.</summary>
    /// <exception cref="IOException">There is no space.</exception>
    public void Append(in IndexRecord record)
    {
        Span<byte> bytes = stackalloc byte[IndexRecord.Size];
        record.Write(bytes);
        LogWrite.At(file, path, bytes, Records * IndexRecord.Size);
        Records++;
    }

    /// <summary>Drops the records from a place on. Without any to drop it keeps the space taken ahead: the disk may be full.</summary>
    public void Cut(long records)
    {
        Records = records;
        if (RandomAccess.GetLength(file) != records * IndexRecord.Size)
        {
            GiveBack();
        }
    }

    /// <summary>Gives back the space taken ahead (a truncation to the same length does) and whatever is torn.</summary>
    public void GiveBack()
    {
        RandomAccess.SetLength(file, Records * IndexRecord.Size);
        _allocated = 0;
    }

    public void Dispose() => file.Dispose();
}
