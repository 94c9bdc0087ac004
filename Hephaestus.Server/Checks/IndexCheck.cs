using Hephaestus.Server.Logs;

namespace Hephaestus.Server.Checks;

/// <summary>Reads an index from end to end.</summary>
internal static class IndexCheck
{
    private const int Chunk = 1024 * IndexRecord.Size;

    /// <summary>How many records it has, how many of them are sound from the first on, and whether a part of one follows.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static (long Records, long Sound, bool Torn) Read(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var length = RandomAccess.GetLength(file);
        var (records, sound, buffer) = (length / IndexRecord.Size, 0L, new byte[Chunk]);
        while (sound < records)
        {
            var wanted = (int)Math.Min(Chunk, (records - sound) * IndexRecord.Size);
            var here = Sound(buffer.AsSpan(0, RandomAccess.Read(file, buffer.AsSpan(0, wanted), sound * IndexRecord.Size)));
            sound += here;
            if (here * IndexRecord.Size < wanted)
            {
                break;
            }
        }

        return (records, sound, length % IndexRecord.Size != 0);
    }

    private static int Sound(ReadOnlySpan<byte> records)
    {
        var sound = 0;
        while (records.Length >= (sound + 1) * IndexRecord.Size && IndexRecord.TryRead(records[(sound * IndexRecord.Size)..], out _))
        {
            sound++;
        }

        return sound;
    }
}
