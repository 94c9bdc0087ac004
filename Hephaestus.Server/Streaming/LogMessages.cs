using System.Collections.Immutable;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Logs;
using Wire = Hephaestus.Protocol;

namespace Hephaestus.Server.Streaming;

/// <summary>Logs, positions in them and questions about them, between the wire's messages and the domain's values.</summary>
internal static class LogMessages
{
    /// <summary>What a request asks for.</summary>
    /// <exception cref="Grpc.Core.RpcException">The step, or a position, is none of this execution.</exception>
    public static LogQuery ToQuery(this Wire.FollowLogRequest request, ArchivedLog log) => new()
    {
        Start = request.StartCase switch
        {
            Wire.FollowLogRequest.StartOneofCase.From => new LogStart.From(ToCursor(request.From, log)),
            Wire.FollowLogRequest.StartOneofCase.Tail => new LogStart.Tail((long)Math.Min(request.Tail, long.MaxValue)),
            Wire.FollowLogRequest.StartOneofCase.OnlyNew when request.OnlyNew => new LogStart.OnlyNew(),
            _ => new LogStart.From(LogCursor.Beginning),
        },
        Filter = Filter(request, log),
        UntilNow = request.UntilNow,
    };

    /// <summary>A batch; its bytes are not copied, so it must be sent before the next one is asked for.</summary>
    public static Wire.LogUpdate ToMessage(LogBatch batch, ArchivedLog log)
    {
        var update = new Wire.LogUpdate { Pieces = new Wire.LogPieces(), Next = ToMessage(batch.Next, log) };
        update.Pieces.Pieces.AddRange(batch.Pieces.Select(piece => ToMessage(piece, log)));
        return update;
    }

    private static Wire.LogPiece ToMessage(LogPiece piece, ArchivedLog log)
    {
        var attempt = log.AttemptOf(piece.Source);
        return new Wire.LogPiece
        {
            FirstLine = (ulong)piece.FirstLine,
            Time = Timestamp.FromDateTimeOffset(piece.Time),
            Step = (uint)attempt.Step,
            Attempt = (uint)attempt.Attempt,
            Stream = piece.Source.Stream,
            Data = UnsafeByteOperations.UnsafeWrap(piece.Data),
            Unfinished = piece.Unfinished,
            Continued = piece.Continued,
            Offset = (ulong)piece.Offset,
            Late = piece.Late,
            NoNewline = piece.NoNewline,
        };
    }

    private static Wire.Cursor ToMessage(LogCursor cursor, ArchivedLog log)
    {
        var message = new Wire.Cursor { Line = (ulong)cursor.Line, Offset = (ulong)cursor.Offset, Generation = (uint)cursor.Generation };
        foreach (var part in cursor.Unfinished)
        {
            var attempt = log.AttemptOf(part.Source);
            message.Unfinished.Add(new Wire.UnfinishedLine
            {
                Step = (uint)attempt.Step,
                Attempt = (uint)attempt.Attempt,
                Stream = part.Source.Stream,
                Start = (ulong)part.Start,
                Offset = (ulong)part.Offset,
            });
        }

        return message;
    }

    private static LogCursor ToCursor(Wire.Cursor cursor, ArchivedLog log) => new(
        Position(Math.Max(cursor.Line, 1)),
        Position(cursor.Offset),
        [.. cursor.Unfinished.Select(part => ToPart(part, log))],
        (int)Math.Min(cursor.Generation, int.MaxValue));

    private static DeliveredPart ToPart(Wire.UnfinishedLine part, ArchivedLog log)
    {
        var source = log.SourceOf(new AttemptKey((int)part.Step, (int)part.Attempt), part.Stream);
        return new DeliveredPart(
            source ?? throw Refusals.BeyondLog(
                $"the position names attempt {part.Attempt} of step {part.Step}, which has not started", log.Reader.Lines + 1),
            Position(part.Start),
            Position(part.Offset));
    }

    private static long Position(ulong value) =>
        value <= long.MaxValue ? (long)value : throw Refusals.BeyondLog($"the position {value} lies beyond any log");

    private static Func<LogSource, bool>? Filter(Wire.FollowLogRequest request, ArchivedLog log)
    {
        var streams = request.Streams.ToImmutableHashSet();
        var step = StepNumber(request.Step, log.State);
        return (streams.Count, step) switch
        {
            (0, 0) => null,
            (0, _) => source => log.AttemptOf(source).Step == step,
            (_, 0) => source => streams.Contains(source.Stream),
            _ => source => streams.Contains(source.Stream) && log.AttemptOf(source).Step == step,
        };
    }

    private static int StepNumber(string name, ExecutionState state) => name.Length == 0
        ? 0
        : state.Steps.FirstOrDefault(step => step.Outline.Name == name)?.Number ?? throw Refusals.NoSuchStep(state.Id, name);
}
