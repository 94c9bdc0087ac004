using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Logs;

/// <summary>Reads records, a page's worth of neighbours at a time. Records never change, so what is read stays true.</summary>
internal sealed class IndexWindow(SafeFileHandle index)
{
    private const int Capacity = 4096 / IndexRecord.Size;

    private byte[]? _buffer;
    private long _first;
    private int _count;

    /// <summary>A record, from 0.</summary>
    /// <param name="count">How many records there are for sure; none beyond is looked at.</param>
    /// <exception cref="InvalidDataException">The index is damaged there, or shorter.</exception>
    public IndexRecord Read(long record, long count) => TryRead(record, count, out var read)
        ? read
        : throw new InvalidDataException($"record {record} of the log's index is damaged or missing");

    /// <summary>A record, from 0; false: the index is damaged there, or shorter.</summary>
    public bool TryRead(long record, long count, out IndexRecord read)
    {
        if (record < _first || record >= _first + _count)
        {
            Fill(record, count);
        }

        read = default;
        return record < _first + _count
            && IndexRecord.TryRead(_buffer.AsSpan((int)(record - _first) * IndexRecord.Size, IndexRecord.Size), out read);
    }

    /// <summary>Gives the memory back until the next read.</summary>
    public void Release()
    {
        if (_buffer is { } buffer)
        {
            _buffer = null;
            _count = 0;
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Whoever walks backwards finds the neighbours before; whoever walks on, those behind.</summary>
    private void Fill(long record, long count)
    {
        _buffer ??= ArrayPool<byte>.Shared.Rent(Capacity * IndexRecord.Size);
        _first = _count > 0 && record < _first ? Math.Max(0, record - Capacity + 1) : record;
        var wanted = (int)Math.Min(Capacity, count - _first) * IndexRecord.Size;
        var read = RandomAccess.Read(index, _buffer.AsSpan(0, wanted), _first * IndexRecord.Size);
        _count = read / IndexRecord.Size;
    }
}
