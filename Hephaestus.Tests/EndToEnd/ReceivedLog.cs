using System.Security.Cryptography;
using Hephaestus.Protocol;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>
/// What one follower got of a log, without keeping it: refuses a gap and a repetition, and keeps a digest of each output.
/// </summary>
internal sealed class ReceivedLog : IDisposable
{
    private readonly Dictionary<(uint Step, LogStream Stream), Output> _outputs = [];

    /// <summary>To go on from here; null: from the first line.</summary>
    public Cursor? Next { get; private set; }

    /// <summary>The line that has to come next.</summary>
    public ulong Line { get; private set; } = 1;

    /// <summary>How the execution ended; null: the stream has not come to its end.</summary>
    public State? End { get; private set; }

    /// <summary>Bytes of output and remarks.</summary>
    public long Bytes => _outputs.Values.Sum(output => output.Length);

    /// <summary>What to ask for to go on.</summary>
    public FollowLogRequest Request(uint id) => Next is null ? new() { Id = id } : new() { Id = id, From = Next };

    /// <summary>Takes a whole message.</summary>
    public void Take(LogUpdate update)
    {
        foreach (var piece in update.Pieces?.Pieces ?? [])
        {
            Take(piece, piece.Data.Length);
        }

        Next = update.Next ?? Next;
        End = update.End?.State ?? End;
    }

    /// <summary>
    /// Takes a message up to a byte within one of its pieces, as a client that is cut off there: its cursor is made by hand.
    /// Pieces without a number have no cursor of their own: the whole message is taken then.
    /// </summary>
    public void TakePart(LogUpdate update, Random random)
    {
        var numbered = update.Pieces?.Pieces.TakeWhile(piece => piece.FirstLine > 0).ToArray() ?? [];
        if (numbered.Length == 0)
        {
            Take(update);
            return;
        }

        var last = random.Next(numbered.Length);
        foreach (var whole in numbered[..last])
        {
            Take(whole, whole.Data.Length);
        }

        var cut = random.Next(numbered[last].Data.Length);
        var (line, offset) = Take(numbered[last], cut);
        var next = new Cursor { Line = line, Offset = offset };
        next.Unfinished.Add(Next?.Unfinished ?? []);
        Next = next;
    }

    /// <summary>Hexadecimal SHA-256 of an output so far.</summary>
    public string Digest(uint step, LogStream stream) => Of(step, stream).Digest();

    public void Dispose()
    {
        foreach (var output in _outputs.Values)
        {
            output.Dispose();
        }
    }

    /// <summary>Takes so many bytes of a piece; gives the line and the byte within it that come next.</summary>
    private (ulong Line, ulong Offset) Take(LogPiece piece, int bytes)
    {
        var output = Of(piece.Step, piece.Stream);
        Assert.True(piece.Offset == output.InLine && piece.Continued == output.InLine > 0, $"{Place(piece)}: byte {output.InLine} had to come");
        Assert.True(piece.FirstLine == 0 || piece.FirstLine == Line, $"{Place(piece)}: line {Line} had to come");
        var data = piece.Data.Span[..bytes];
        output.Append(data);
        if (piece.FirstLine > 0)
        {
            var ended = piece.NoNewline && bytes == piece.Data.Length;
            Line += (ulong)(data.Count((byte)'\n') + (ended ? 1 : 0));
        }

        return (Line, output.InLine);
    }

    private static string Place(LogPiece piece) => $"line {piece.FirstLine} byte {piece.Offset} of step {piece.Step} {piece.Stream}";

    private Output Of(uint step, LogStream stream)
    {
        // Both kinds of remarks stand in one file.
        var key = (step, stream is LogStream.ErrorRemark ? LogStream.Remark : stream);
        return _outputs.TryGetValue(key, out var output) ? output : _outputs[key] = new Output();
    }

    private sealed class Output : IDisposable
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public long Length { get; private set; }

        /// <summary>Bytes since the last newline.</summary>
        public ulong InLine { get; private set; }

        public void Append(ReadOnlySpan<byte> data)
        {
            _hash.AppendData(data);
            Length += data.Length;
            var newline = data.LastIndexOf((byte)'\n');
            InLine = newline < 0 ? InLine + (ulong)data.Length : (ulong)(data.Length - newline - 1);
        }

        public string Digest() => Convert.ToHexString(_hash.GetCurrentHash());

        public void Dispose() => _hash.Dispose();
    }
}
