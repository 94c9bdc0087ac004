using System.Collections.Immutable;

namespace Hephaestus.Server.Logs;

/// <summary>A reader's place in a log, and how it goes on from there. Not thread-safe.</summary>
internal sealed class LogWalk(LogFiles files, LogQuery query) : IDisposable
{
    private readonly IndexWindow _index = new(files.Index);
    private readonly BatchBuilder _batch = new(files, query.BatchBytes);
    private readonly Dictionary<LogSource, (long Start, long Offset)> _parts = [];
    private long _line;
    private long _offset;

    /// <summary>The record in which the line ends, and where the line begins; -1: not looked up yet.</summary>
    private long _record;
    private long _lineStart = -1;

    /// <summary>Everything before it was given or does not pass the filter.</summary>
    public LogCursor Cursor => new(
        _line,
        _offset,
        [.. _parts.Select(part => new DeliveredPart(part.Key, part.Value.Start, part.Value.Offset))],
        files.Generations.Newest);

    /// <summary>Goes to where the query begins.</summary>
    /// <exception cref="LogPositionException">That lies beyond the log.</exception>
    public void Begin(LogHead head, Func<Dictionary<LogSource, long>> lastLines)
    {
        var search = new LogSearch(_index, head);
        _line = query.Start switch
        {
            LogStart.From from => Resumed(from.Cursor, head),
            LogStart.Tail tail when query.Filter is { } passes =>
                search.Tail(tail.Lines, lastLines().Where(last => passes(last.Key)).Select(last => last.Value)),
            LogStart.Tail tail => search.Tail(tail.Lines),
            _ => head.Lines + 1,
        };
        _record = search.RecordOf(_line);
        if (_offset > 0)
        {
            CheckOffset(head);
        }
    }

    /// <summary>Takes what fits in one batch.</summary>
    /// <returns>Null: there is nothing more up to the head.</returns>
    public LogBatch? Next(LogHead head, CancellationToken cancellation)
    {
        _batch.Clear();
        var room = TakeLines(head, cancellation);
        if (room && !query.WholeLines)
        {
            TakeUnfinished(head);
        }

        return _batch.Pieces.Count > 0 ? new LogBatch(_batch.Pieces, Cursor) : null;
    }

    /// <summary>Gives memory back until the next call.</summary>
    public void Rest()
    {
        _batch.Release();
        _index.Release();
    }

    public void Dispose() => Rest();

    private long Resumed(LogCursor cursor, LogHead head)
    {
        var line = Math.Max(1, cursor.Line);
        CheckGeneration(cursor, line, head);
        if (line > head.Lines + 1 || cursor.Line < 0 || cursor.Offset < 0 || (line > head.Lines && cursor.Offset > 0))
        {
            throw new LogPositionException(
                $"line {cursor.Line} byte {cursor.Offset} is beyond the log, which has {head.Lines} lines", head.Lines + 1);
        }

        _offset = cursor.Offset;
        foreach (var part in cursor.Unfinished.Where(part => part.Offset > 0))
        {
            CheckPart(part, line);
            _parts[part.Source] = (part.Start, part.Offset);
        }

        return line;
    }

    /// <summary>Refuses a position in what a loss of power took: other lines may have its numbers now.</summary>
    private void CheckGeneration(LogCursor cursor, long line, LogHead head)
    {
        var kept = files.Generations.KeptOf(cursor.Generation);
        if (cursor.Generation < 0 || cursor.Generation > files.Generations.Newest)
        {
            throw new LogPositionException($"the log has no generation {cursor.Generation}; this position is of another log", head.Lines + 1);
        }

        if (line - 1 > kept || (line > kept && cursor.Offset > 0))
        {
            throw new LogPositionException(
                $"the lines from {kept + 1} on that were seen were lost when the machine lost power; others bear their numbers now",
                kept + 1);
        }
    }

    /// <summary>Refuses a part that is not there: power was lost, and other bytes may come to stand in its place.</summary>
    private void CheckPart(DeliveredPart part, long line)
    {
        if (part.Start < 0 || part.Start > files.Length(part.Source) - part.Offset)
        {
            throw new LogPositionException($"byte {part.Offset} of the line at byte {part.Start} is beyond the output", line);
        }
    }

    /// <summary>Refuses an offset that lies beyond its line.</summary>
    private void CheckOffset(LogHead head)
    {
        var record = _index.Read(_record, head.Records);
        _lineStart = StartOfLine(record);
        var beyond = _offset > record.End - _lineStart
            || (Math.Max(_lineStart, record.Start) is var ended && ended < _lineStart + _offset
                && _batch.Count(record.Source, ended, _lineStart + _offset).Lines > 0);
        if (beyond)
        {
            throw new LogPositionException($"line {_line} has no byte {_offset}", _line);
        }
    }

    /// <summary>Takes complete lines; false: the batch is full.</summary>
    private bool TakeLines(LogHead head, CancellationToken cancellation)
    {
        var search = new LogSearch(_index, head);
        while (_line <= head.Lines)
        {
            cancellation.ThrowIfCancellationRequested();
            if (TakeShared(head))
            {
                continue;
            }

            var record = _index.Read(_record, head.Records);
            var after = record.FirstLine + search.LinesIn(_record, record);
            var whole = _lineStart < 0 && _offset == 0 && _line == record.FirstLine;
            if (_line < after && Passes(record.Source))
            {
                if (!Take(record))
                {
                    return false;
                }
            }
            else if (_line < after)
            {
                Skip(record, after);
            }

            if (_line >= after)
            {
                if (whole && query.Filter is null && files.Leases > 1)
                {
                    Share(record.FirstLine, after);
                }

                (_record, _lineStart) = (_record + 1, -1);
            }
        }

        return true;
    }

    /// <summary>Takes a whole record that another follower has read; false: it has to be read.</summary>
    private bool TakeShared(LogHead head)
    {
        if (_lineStart >= 0 || _offset > 0 || _parts.Count > 0 || !files.Tail.TryFind(_record, out var known)
            || known.FirstLine != _line || known.NextLine > head.Lines + 1)
        {
            return false;
        }

        if (known.NextLine > known.FirstLine && Passes(known.Piece.Source) && !_batch.Take(known.Piece))
        {
            return false;
        }

        (_line, _record) = (known.NextLine, _record + 1);
        return true;
    }

    /// <summary>Keeps the record that was just taken whole for the other followers.</summary>
    private void Share(long first, long after)
    {
        if (first == after)
        {
            files.Tail.Add(_record, new TailRecord(first, after, default));
        }
        else if (_batch.Pieces[^1] is { Offset: 0, Data.Length: <= LogTail.MostBytes } piece)
        {
            files.Tail.Add(_record, new TailRecord(first, after, piece with { Data = piece.Data.ToArray() }));
        }
    }

    /// <summary>Takes lines, or a part of one, of a record; false: the batch is full.</summary>
    private bool Take(in IndexRecord record)
    {
        if (_lineStart < 0)
        {
            _lineStart = StartOfLine(record);
        }

        _offset = Math.Max(_offset, Delivered(record.Source, _lineStart));
        var from = _lineStart + _offset;
        if (from > record.End)
        {
            throw new LogPositionException($"line {_line} has no byte {_offset}", _line);
        }

        if (_batch.Take(record, _line, from, _offset) is not { } taken)
        {
            return false;
        }

        _parts.Remove(record.Source);
        _line += taken.Lines;
        (_lineStart, _offset) = taken.Lines > 0 ? (from + taken.Bytes, 0) : (_lineStart, _offset + taken.Bytes);
        return true;
    }

    private void Skip(in IndexRecord record, long after)
    {
        if (Delivered(record.Source, record.LineStart) > 0)
        {
            _parts.Remove(record.Source);
        }

        (_line, _offset) = (after, 0);
    }

    private void TakeUnfinished(LogHead head)
    {
        foreach (var tail in head.Unfinished)
        {
            while (Passes(tail.Source) && Delivered(tail.Source, tail.Start) is var offset && tail.Start + offset < tail.End)
            {
                if (_batch.Take(tail, offset) is not { } bytes)
                {
                    return;
                }

                _parts[tail.Source] = (tail.Start, offset + bytes);
            }
        }
    }

    private bool Passes(LogSource source) => query.Filter is not { } passes || passes(source);

    private long Delivered(LogSource source, long lineStart) =>
        _parts.TryGetValue(source, out var part) && part.Start == lineStart ? part.Offset : 0;

    private long StartOfLine(in IndexRecord record) => _line == record.FirstLine
        ? record.LineStart
        : _batch.AfterLines(record, _line - record.FirstLine);
}
