using System.Runtime.InteropServices;
using Hephaestus.Server.Supervision;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Logs;

/// <summary>An output file while it is filled from a FIFO. It is made at the first byte. Not thread-safe.</summary>
/// <param name="splices">Whether the kernel moves the bytes; else they are read and written.</param>
internal sealed class OutputFile(string path, SafeFileHandle fifo, bool splices, EmptyPipe spare) : IDisposable
{
    private const int CopyBytes = 64 * 1024;

    private SafeFileHandle? _file;

    /// <summary>Copying only: bytes that were read and found no space. They wait here, in memory: not kill-safe.</summary>
    private byte[]? _copy;
    private int _copied;

    /// <summary>Bytes that are not in the file yet.</summary>
    public int Waiting => _copied + Libc.Waiting(fifo);

    /// <summary>Moves bytes from the FIFO to an offset of the file.</summary>
    /// <returns>How many; 0: the FIFO is empty and nobody holds its other end; -1: it is empty.</returns>
    /// <exception cref="IOException">The file cannot be written; the bytes wait.</exception>
    public int Move(long offset, int count)
    {
        if (_file is null && Waiting == 0)
        {
            return MoveNothing();
        }

        _file ??= Libc.Open(path, Libc.O_RDWR | Libc.O_CREAT);
        return splices ? Checked(Libc.Splice(fifo, _file, offset, count)) : Copied(_file, offset);
    }

    /// <summary>What <see cref="Move"/> says of a FIFO in which nothing waits.</summary>
    public int MoveNothing() => spare.IsOpen(fifo) ? -1 : 0;

    /// <summary>Counts the newlines between two offsets.</summary>
    public LineCount Count(long start, long end, Span<byte> buffer) =>
        start == end ? default : LineCount.Of(_file!, start, end, buffer);

    public void Dispose() => _file?.Dispose();

    private int Checked(nint moved) => moved >= 0 ? (int)moved : Marshal.GetLastPInvokeError() switch
    {
        Libc.EAGAIN => -1,
        _ => throw Libc.Error(path),
    };

    private int Copied(SafeFileHandle file, long offset)
    {
        _copy ??= new byte[CopyBytes];
        if (_copied == 0)
        {
            var read = Checked(Libc.Read(fifo, _copy));
            if (read <= 0)
            {
                return read;
            }

            _copied = read;
        }

        LogWrite.At(file, path, _copy.AsSpan(0, _copied), offset);
        (var written, _copied) = (_copied, 0);
        return written;
    }
}
