namespace Hephaestus.Server.Logs;

/// <summary>
/// Who writes lines within one execution: 0 = Hephaestus's remarks, 1 = its remarks that are errors (both lie in the one
/// file <c>remarks</c>), then two for each attempt in the order in which the attempts were started.
/// </summary>
internal readonly record struct LogSource(ushort Value)
{
    /// <summary>Attempts that one execution's index can tell apart.</summary>
    public const int MostAttempts = (ushort.MaxValue - FirstOutput + 1) / 2;

    private const int FirstOutput = 2;

    public static LogSource Remark => new(0);

    public static LogSource ErrorRemark => new(1);

    public bool IsRemark => Value < FirstOutput;

    /// <summary>0, 1, 2, … in the order of the attempts' start; -1: a remark.</summary>
    public int Attempt => IsRemark ? -1 : (Value - FirstOutput) / 2;

    public LogStream Stream => Value switch
    {
        0 => LogStream.Remark,
        1 => LogStream.ErrorRemark,
        _ => (Value - FirstOutput) % 2 == 0 ? LogStream.Out : LogStream.Err,
    };

    /// <summary>The standard output of an attempt.</summary>
    /// <param name="attempt">From 0, below <see cref="MostAttempts"/>.</param>
    public static LogSource Out(int attempt) => Output(attempt, 0);

    /// <summary>The standard error of an attempt.</summary>
    /// <param name="attempt">From 0, below <see cref="MostAttempts"/>.</param>
    public static LogSource Err(int attempt) => Output(attempt, 1);

    private static LogSource Output(int attempt, int stream)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(attempt);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(attempt, MostAttempts);
        return new LogSource((ushort)(FirstOutput + (2 * attempt) + stream));
    }
}

/// <summary>Where a source's bytes lie; the file need not exist yet.</summary>
internal sealed record LogFile(LogSource Source, string Path);
