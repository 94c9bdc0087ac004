namespace Hephaestus.Server.Logs;

/// <summary>What of a log is wanted.</summary>
internal sealed record LogQuery
{
    public LogStart Start { get; init; } = new LogStart.From(LogCursor.Beginning);

    /// <summary>Which sources; null: all.</summary>
    public Func<LogSource, bool>? Filter { get; init; }

    /// <summary>End at what the log holds now.</summary>
    public bool UntilNow { get; init; }

    /// <summary>Leave out lines that are not complete.</summary>
    public bool WholeLines { get; init; }

    /// <summary>Bytes of a batch, at least 1; each piece counts 64 more than it has, and the first always finds room.</summary>
    public int BatchBytes { get; init; } = 64 * 1024;
}

/// <summary>Where to begin.</summary>
internal abstract record LogStart
{
    private LogStart()
    {
    }

    /// <summary>After what has been delivered.</summary>
    internal sealed record From(LogCursor Cursor) : LogStart;

    /// <summary>At the last so many lines that pass the filter.</summary>
    internal sealed record Tail(long Lines) : LogStart;

    /// <summary>At the first line that will be completed.</summary>
    internal sealed record OnlyNew : LogStart;
}
