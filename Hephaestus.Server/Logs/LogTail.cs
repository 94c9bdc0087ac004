namespace Hephaestus.Server.Logs;

/// <summary>
/// The newest records of a log as the first of its followers read them, for the others, which stand just before them: what a
/// thousand follow is read, cut and counted once. At most <see cref="Capacity"/> records of at most
/// <see cref="MostBytes"/> bytes each, so half a megabyte a log that several follow. Thread-safe, and without a lock to read.
/// </summary>
internal sealed class LogTail
{
    public const int Capacity = 128;

    /// <summary>Larger ones are seldom, and cheap to read for what they hold.</summary>
    public const int MostBytes = 4096;

    private readonly Lock _gate = new();
    private Window? _window;

    /// <summary>A record of the index, from 0; false: it is not here.</summary>
    public bool TryFind(long record, out TailRecord found)
    {
        var window = Volatile.Read(ref _window);
        if (window is null || record < window.First || record >= window.End)
        {
            found = default;
            return false;
        }

        found = window.Records[record - window.First];
        return true;
    }

    /// <summary>Keeps a record; not one that is older than those that are here, and none across a gap.</summary>
    public void Add(long record, TailRecord read)
    {
        lock (_gate)
        {
            var window = _window ?? new Window(record, []);
            if (record < window.End)
            {
                return;
            }

            if (record > window.End || window.IsFull)
            {
                window = window.From(record);
            }

            window.Append(read);
            Volatile.Write(ref _window, window);
        }
    }

    /// <summary>Consecutive records. Grows at its end, which readers see when it is there.</summary>
    private sealed class Window(long first, ReadOnlySpan<TailRecord> kept)
    {
        private int _count = kept.Length;

        public TailRecord[] Records { get; } = [.. kept, .. new TailRecord[Capacity - kept.Length]];

        public long First => first;

        public long End => first + Volatile.Read(ref _count);

        public bool IsFull => _count == Capacity;

        public void Append(in TailRecord record)
        {
            Records[_count] = record;
            Volatile.Write(ref _count, _count + 1);
        }

        /// <summary>A window with room for this record, and what of this one comes directly before it.</summary>
        public Window From(long record) => record == End
            ? new Window(End - (Capacity / 2), Records.AsSpan(_count - (Capacity / 2), Capacity / 2))
            : new Window(record, []);
    }
}

/// <summary>A record of the index with the lines that end in it.</summary>
/// <param name="FirstLine">Number of the first of them, or of the next line where there is none.</param>
/// <param name="NextLine">Number of the first that does not.</param>
/// <param name="Piece">They, in memory of their own; of use only if there are any.</param>
internal readonly record struct TailRecord(long FirstLine, long NextLine, LogPiece Piece);
