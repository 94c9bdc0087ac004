namespace Hephaestus.Server.Logs;

/// <summary>What is known of a log that nobody writes any more, from its index alone.</summary>
internal static class EndedLog
{
    /// <summary>Where it ends: a record that lost power damaged, at its end, does not count.</summary>
    public static LogHead Head(LogFiles files)
    {
        var window = new IndexWindow(files.Index);
        try
        {
            var records = RandomAccess.GetLength(files.Index) / IndexRecord.Size;
            for (; records > 0; records--)
            {
                if (window.TryRead(records - 1, records, out var last))
                {
                    return new LogHead(records, Lines(files, last), [], Complete: true);
                }
            }

            return new LogHead(0, 0, [], Complete: true);
        }
        finally
        {
            window.Release();
        }
    }

    /// <summary>Of each source the newest record in which a line ends, from 1. Walks the index back.</summary>
    public static Dictionary<LogSource, long> LastLines(
        LogStore store, uint execution, Func<LogSource, string> fileOf, LogHead head)
    {
        var files = store.Lease(execution, fileOf);
        var window = new IndexWindow(files.Index);
        try
        {
            return LastLines(window, head);
        }
        finally
        {
            window.Release();
            store.Return(execution, files);
        }
    }

    private static Dictionary<LogSource, long> LastLines(IndexWindow window, LogHead head)
    {
        var last = new Dictionary<LogSource, long>();
        var next = head.Lines + 1;
        for (var at = head.Records; at > 0; at--)
        {
            var record = window.Read(at - 1, head.Records);
            if (record.FirstLine < next)
            {
                last.TryAdd(record.Source, at);
            }

            next = record.FirstLine;
        }

        return last;
    }

    /// <summary>Lines completed once a record was written.</summary>
    private static long Lines(LogFiles files, in IndexRecord last)
    {
        var newlines = last.Start == last.End ? 0 : files.Count(last.Source, last.Start, last.End, new byte[64 * 1024]).Lines;
        return last.FirstLine - 1 + newlines + (last.Completes ? 1 : 0);
    }
}
