namespace Hephaestus.Server.Logs;

/// <summary>Finds lines in an index by its order and its links; the cost does not grow with the log.</summary>
internal sealed class LogSearch(IndexWindow index, LogHead head)
{
    /// <summary>The record in which a line ends, or will end: from 0, up to the number of records.</summary>
    public long RecordOf(long line)
    {
        if (line > head.Lines)
        {
            return head.Records;
        }

        // Records in which no line ends share their number with the next one: the last with it is where the line ends.
        var (low, high) = (0L, head.Records - 1);
        while (low < high)
        {
            var middle = low + ((high - low + 1) / 2);
            (low, high) = index.Read(middle, head.Records).FirstLine <= line ? (middle, high) : (low, middle - 1);
        }

        return low;
    }

    /// <summary>Lines that end in a record.</summary>
    public long LinesIn(long record, in IndexRecord read) =>
        (record + 1 < head.Records ? index.Read(record + 1, head.Records).FirstLine : head.Lines + 1) - read.FirstLine;

    /// <summary>Number of the first of the last <paramref name="lines"/> lines.</summary>
    public long Tail(long lines) => Math.Max(1, head.Lines - Math.Max(0, lines) + 1);

    /// <summary>Number of the first of the last lines of some sources.</summary>
    /// <param name="lastLines">The newest record of each in which a line ends, from 1; 0: none.</param>
    public long Tail(long lines, IEnumerable<long> lastLines)
    {
        var newest = new PriorityQueue<long, long>(lastLines.Select(record => (record, -record)));
        while (lines > 0 && newest.TryDequeue(out var number, out _) && number > 0)
        {
            var record = index.Read(number - 1, head.Records > number - 1 ? head.Records : number);
            if (number <= head.Records)
            {
                var here = LinesIn(number - 1, record);
                if (here >= lines)
                {
                    return record.FirstLine + here - lines;
                }

                lines -= here;
            }

            newest.Enqueue(record.Previous, -record.Previous);
        }

        return lines > 0 ? 1 : head.Lines + 1;
    }

    /// <summary>
    /// Walks back over whole records until their lines surely have more than so many bytes together. Of bytes of which only
    /// reading the files would tell that they belong to complete lines, none count.
    /// </summary>
    /// <param name="overhead">What each line counts beside its bytes.</param>
    /// <param name="most">What the bytes of one line count at most.</param>
    public long FirstLineWithin(long bytes, int overhead, int most)
    {
        var begins = new Dictionary<LogSource, long>();
        var next = head.Lines + 1;
        for (var at = head.Records - 1; at >= 0; at--)
        {
            var record = index.Read(at, head.Records);
            var lines = next - record.FirstLine;
            var end = record.Completes || record.Source.IsRemark ? record.End : begins.GetValueOrDefault(record.Source);
            bytes -= lines > 0 ? Math.Clamp(end - record.LineStart - lines, 0, most) + (lines * overhead) : 0;
            (next, begins[record.Source]) = (record.FirstLine, record.LineStart);
            if (bytes < 0)
            {
                return next;
            }
        }

        return 1;
    }
}
