using System.Globalization;
using Grpc.Core;
using Hephaestus.Cli.Connection;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Logs;

/// <summary>Reads an execution's log to its end and shows each line once, whatever happens to the connection.</summary>
internal sealed class LogFollower(Session session, ILogLines lines)
{
    private readonly LineAssembler _assembler = new();
    private uint _generation;

    /// <summary>Is told, after each batch, what is unfinished.</summary>
    public Action<LineAssembler>? Unfinished { private get; init; }

    /// <summary>The line that will be shown next; 0: nothing is known yet.</summary>
    public ulong NextLine { get; private set; }

    /// <summary>How the execution ended; null: it had not ended, and only what the log held was asked for.</summary>
    /// <exception cref="Grpc.Core.RpcException">The server refused, was never there, or has been away for too long.</exception>
    public async Task<State?> RunAsync(FollowLogRequest request, CancellationToken cancellation)
    {
        await foreach (var update in ReadAsync(request, GoOnAfterLoss, cancellation))
        {
            switch (update.UpdateCase)
            {
                case LogUpdate.UpdateOneofCase.Pieces:
                    await ShowAsync(request, update.Pieces, cancellation);
                    Unfinished?.Invoke(_assembler);
                    session.Screen.Flush();
                    break;
                case LogUpdate.UpdateOneofCase.End:
                    return update.End.State;
            }

            (NextLine, _generation) = update.Next is { } next ? (next.Line, next.Generation) : (NextLine, _generation);
        }

        return null;
    }

    private async IAsyncEnumerable<LogUpdate> ReadAsync(
        FollowLogRequest request,
        Func<FollowLogRequest, RpcException, bool> recover,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var next = request.Clone();
        var stream = new StreamCall<LogUpdate>(() => session.Client.FollowLog(next, cancellationToken: cancellation))
        {
            IsLast = update => update.UpdateCase == LogUpdate.UpdateOneofCase.End,
            EndsItself = request.UntilNow,
            Recover = fault => recover(next, fault),
        };
        await foreach (var update in session.Patience.ReadAsync(stream, cancellation))
        {
            yield return update;
            if (update.Next is { } position)
            {
                next.From = position;
            }
        }
    }

    /// <summary>
    /// The machine lost power, and with it lines that were shown: says so, and goes on where the log does. A line that the
    /// user asked for by its number is another matter.
    /// </summary>
    private bool GoOnAfterLoss(FollowLogRequest next, RpcException fault)
    {
        if (fault.StatusCode != StatusCode.OutOfRange || next.From is not { Generation: > 0 } || NextLineOf(fault) is not { } line)
        {
            return false;
        }

        if (_assembler.Forget() is { } open)
        {
            lines.Write(open);
        }

        Unfinished?.Invoke(_assembler);
        session.Screen.Flush();
        session.Screen.Say($"{session.Describe(fault)}; going on with line {line}");
        next.From = new Cursor { Line = line };
        NextLine = line;
        return true;
    }

    private static ulong? NextLineOf(RpcException fault) =>
        ulong.TryParse(fault.Trailers.GetValue("next-line"), NumberStyles.None, CultureInfo.InvariantCulture, out var line) ? line : null;

    private async Task ShowAsync(FollowLogRequest request, LogPieces pieces, CancellationToken cancellation)
    {
        foreach (var part in pieces.Pieces.SelectMany(_assembler.Take))
        {
            if (part.Missing > 0)
            {
                await ShowAgainAsync(request.Id, part, cancellation);
            }

            lines.Write(part with { Begins = part.Begins && part.Missing == 0, Missing = 0 });
        }
    }

    /// <summary>Shows the beginning of a line that was too long to be kept until it had a number.</summary>
    private async Task ShowAgainAsync(uint id, LinePart part, CancellationToken cancellation)
    {
        var request = new FollowLogRequest { Id = id, From = new Cursor { Line = part.Line, Generation = _generation }, UntilNow = true };
        var left = part.Missing;
        await foreach (var update in ReadAsync(request, (_, _) => false, cancellation))
        {
            foreach (var piece in update.Pieces?.Pieces ?? [])
            {
                var bytes = piece.Data.Memory[..(int)Math.Min((ulong)piece.Data.Length, left)];
                lines.Write(part with { Bytes = bytes, Begins = left == part.Missing, Ends = false, Missing = 0 });
                left -= (ulong)bytes.Length;
                if (left == 0)
                {
                    return;
                }
            }
        }

        throw new InvalidDataException($"the server sent only a part of line {part.Line}");
    }
}
