using System.Runtime.CompilerServices;
using Hephaestus.Server.Facts;

namespace Hephaestus.Server.Logs;

/// <summary>Reads a log from any position and follows it. A follower is a position: while it waits it holds no buffer.</summary>
internal sealed class LogReader
{
    private readonly LogStore _store;
    private readonly uint _execution;
    private readonly Func<LogSource, string> _fileOf;
    private readonly Latest<LogHead> _head;
    private readonly Func<Dictionary<LogSource, long>> _lastLines;

    internal LogReader(
        LogStore store,
        uint execution,
        Func<LogSource, string> fileOf,
        Latest<LogHead> head,
        Func<Dictionary<LogSource, long>> lastLines)
    {
        (_store, _execution, _fileOf, _head, _lastLines) = (store, execution, fileOf, head, lastLines);
    }

    /// <summary>Lines completed so far.</summary>
    public long Lines => _head.Value.Lines;

    /// <summary>
    /// A line from which on the complete lines have more than so many bytes, or all: a little before where the newest that
    /// fit begin. The cost grows with <paramref name="bytes"/>, and with what belongs to no complete line.
    /// </summary>
    /// <param name="overhead">What each line counts beside its bytes, at least 1.</param>
    /// <param name="most">What the bytes of one line count at most.</param>
    internal long FirstLineWithin(long bytes, int overhead, int most)
    {
        var head = _head.Value;
        var files = _store.Lease(_execution, _fileOf);
        var window = new IndexWindow(files.Index);
        try
        {
            return new LogSearch(window, head).FirstLineWithin(bytes, overhead, most);
        }
        finally
        {
            window.Release();
            _store.Return(_execution, files);
        }
    }

    /// <summary>
    /// What the query asks for, in batches; the first comes at once, without pieces when there is nothing yet. Ends when the
    /// execution has ended and everything has been given.
    /// </summary>
    /// <exception cref="LogPositionException">The position lies beyond the log.</exception>
    /// <exception cref="IOException">The log is gone.</exception>
    /// <exception cref="InvalidDataException">The index or a file is damaged.</exception>
    public async IAsyncEnumerable<LogBatch> ReadAsync(
        LogQuery query, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var files = _store.Lease(_execution, _fileOf);
        using var walk = new LogWalk(files, query);
        try
        {
            var (head, version) = _head.Current;
            walk.Begin(head, _lastLines);
            var batch = walk.Next(head, cancellation) ?? new LogBatch([], walk.Cursor);
            while (true)
            {
                for (; batch is not null; batch = walk.Next(head, cancellation))
                {
                    yield return batch;
                }

                if (head.Complete || query.UntilNow)
                {
                    yield break;
                }

                walk.Rest();
                await _head.NextAsync(version, cancellation);
                (head, version) = _head.Current;
                batch = walk.Next(head, cancellation);
            }
        }
        finally
        {
            _store.Return(_execution, files);
        }
    }
}
