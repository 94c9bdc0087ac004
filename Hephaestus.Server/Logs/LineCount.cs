using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Logs;

/// <summary>How many lines end in a part of a file, and where the last of them does.</summary>
/// <param name="Lines">Newlines in it.</param>
/// <param name="End">Offset after the last newline; meaningless when there is none.</param>
internal readonly record struct LineCount(long Lines, long End)
{
    /// <summary>Counts the newlines from one offset to another, or to the file's end if somebody has cut it.</summary>
    public static LineCount Of(SafeFileHandle file, long start, long end, Span<byte> buffer)
    {
        var count = default(LineCount);
        while (start < end)
        {
            var chunk = buffer[..(int)Math.Min(buffer.Length, end - start)];
            var read = RandomAccess.Read(file, chunk, start);
            if (read == 0)
            {
                break;
            }

            count = count.And(chunk[..read], start);
            start += read;
        }

        return count;
    }

    private LineCount And(ReadOnlySpan<byte> chunk, long start)
    {
        var lines = chunk.Count((byte)'\n');
        return lines == 0 ? this : new LineCount(Lines + lines, start + chunk.LastIndexOf((byte)'\n') + 1);
    }
}
