using Hephaestus.Server.Logs;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Executions;

/// <summary>The logs of all executions, with what their sources mean: which attempt of which step.</summary>
internal sealed class LogArchive(Registry registry, LogStore logs)
{
    /// <summary>An execution's log; null: no such execution.</summary>
    public ArchivedLog? Find(uint id) => registry.Find(id) is { } state ? new ArchivedLog(registry, logs, state) : null;
}

/// <summary>One execution's log, whether it goes on or has ended.</summary>
internal sealed class ArchivedLog
{
    private readonly Registry _registry;
    private readonly LogStore _logs;
    private ExecutionState _known;

    public ArchivedLog(Registry registry, LogStore logs, ExecutionState known)
    {
        (_registry, _logs, _known) = (registry, logs, known);
        Reader = logs.Read(known.Id, source => FileOf(source));
    }

    public LogReader Reader { get; }

    /// <summary>
    /// What the query asks for. Where an execution has ended, to the end: its last remarks may just be being written.
    /// </summary>
    /// <inheritdoc cref="LogReader.ReadAsync" path="/exception"/>
    public IAsyncEnumerable<LogBatch> ReadAsync(LogQuery query, CancellationToken cancellation) =>
        Reader.ReadAsync(query with { UntilNow = query.UntilNow && !State.HasEnded }, cancellation);

    /// <summary>The newest state: a source that is read has its attempt in it.</summary>
    public ExecutionState State => _known = _known.HasEnded ? _known : _registry.Find(_known.Id) ?? _known;

    /// <summary>Whose output a source is; step 0: a remark.</summary>
    public AttemptKey AttemptOf(LogSource source)
    {
        if (source.IsRemark)
        {
            return default;
        }

        // Attempts are only ever added: the state at hand knows all but the newest.
        return source.Attempt < _known.Attempts.Length ? _known.Attempts[source.Attempt] : State.Attempts[source.Attempt];
    }

    /// <summary>The source of an attempt's stream; null: the attempt has not started.</summary>
    public LogSource? SourceOf(AttemptKey attempt, LogStream stream) => (State.OrdinalOf(attempt), stream) switch
    {
        (_, LogStream.Remark) => LogSource.Remark,
        (_, LogStream.ErrorRemark) => LogSource.ErrorRemark,
        (< 0, _) => null,
        (var ordinal, LogStream.Out) => LogSource.Out(ordinal),
        (var ordinal, LogStream.Err) => LogSource.Err(ordinal),
        _ => null,
    };

    private string FileOf(LogSource source)
    {
        var attempt = AttemptOf(source);
        var files = new AttemptFiles(_logs.DirectoryOf(_known.Id), attempt.Step, attempt.Attempt);
        return source.Stream == LogStream.Out ? files.Out : files.Err;
    }
}
