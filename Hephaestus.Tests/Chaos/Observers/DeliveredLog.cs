using Hephaestus.Protocol;

namespace Hephaestus.Tests.Chaos.Observers;

/// <summary>Whose output it is; step 0: a remark.</summary>
internal readonly record struct Source(uint Step, uint Attempt, LogStream Stream)
{
    public override string ToString() => Step == 0 ? "remarks" : $"step {Step}, attempt {Attempt}, {Stream}";

    public static Source Of(LogPiece piece) => new(piece.Step, piece.Attempt, piece.Stream);
}

/// <summary>
/// What a follower got of a log, from the first line on. Each piece is checked against all before it: no byte is missing,
/// none comes twice, and lines come in the order of their numbers.
/// </summary>
internal sealed class DeliveredLog
{
    private readonly Dictionary<Source, MemoryStream> _bytes = [];
    private readonly Dictionary<Source, long> _begun = [];
    private readonly List<string> _faults = [];

    /// <summary>The source of line 1, 2, …</summary>
    public List<Source> Lines { get; } = [];

    public IReadOnlyList<string> Faults => _faults;

    public IEnumerable<Source> Sources => _bytes.Keys;

    public Cursor Next { get; private set; } = new();

    public State? End { get; private set; }

    public byte[] BytesOf(Source source) => _bytes.TryGetValue(source, out var bytes) ? bytes.ToArray() : [];

    /// <summary>True: it was the last one.</summary>
    public bool Take(LogUpdate update)
    {
        Next = update.Next ?? Next;
        foreach (var piece in update.Pieces?.Pieces ?? Enumerable.Empty<LogPiece>())
        {
            Take(piece);
        }

        End = update.End?.State ?? End;
        return End is not null;
    }

    private void Take(LogPiece piece)
    {
        var source = Source.Of(piece);
        var data = piece.Data.Span;
        var begun = _begun.GetValueOrDefault(source);
        Expect(piece.Continued == begun > 0 && (long)piece.Offset == begun, piece,
        $"{begun} bytes of this line were there before");

        var bytes = _bytes.TryGetValue(source, out var known) ? known : _bytes[source] = new MemoryStream();
        bytes.Write(data);
        var ended = data.Count((byte)'\n') + (piece.NoNewline ? 1 : 0);
        var rest = piece.NoNewline ? 0 : data.Length - data.LastIndexOf((byte)'\n') - 1;
        _begun[source] = ended == 0 ? begun + rest : rest;

        Expect(piece.Unfinished == _begun[source] > 0, piece, $"{_begun[source]} bytes of its last line are there");
        Expect(ended == 0 || piece.FirstLine == (ulong)Lines.Count + 1, piece, $"line {Lines.Count} came before it");
        Lines.AddRange(Enumerable.Repeat(source, ended));
    }

    private void Expect(bool isSo, LogPiece piece, string known)
    {
        if (!isSo)
        {
            _faults.Add($"{Source.Of(piece)}: a piece of {piece.Data.Length} bytes that begins with line {piece.FirstLine} came wrongly"
                + $" (continued {piece.Continued}, offset {piece.Offset}, unfinished {piece.Unfinished},"
                + $" no newline {piece.NoNewline}): {known}");
        }
    }
}
