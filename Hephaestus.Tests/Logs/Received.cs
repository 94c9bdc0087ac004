using System.Text;
using Hephaestus.Server.Logs;

namespace Hephaestus.Tests.Logs;

/// <summary>A complete line as it was received.</summary>
internal readonly record struct ReceivedLine(long Number, LogSource Source, string Bytes);

/// <summary>
/// What a client that takes batches knows. Every piece is checked against what came before: no byte is missing and none
/// comes twice. Bytes are kept as Latin-1, which knows all of them.
/// </summary>
internal sealed class Received
{
    private readonly Dictionary<LogSource, StringBuilder> _begun = [];
    private readonly Dictionary<LogSource, StringBuilder> _all = [];

    public List<ReceivedLine> Lines { get; } = [];

    public LogCursor Next { get; private set; } = LogCursor.Beginning;

    public int Batches { get; private set; }

    public IEnumerable<string> Texts => Lines.Select(line => line.Bytes);

    /// <summary>The complete lines of a source.</summary>
    public IEnumerable<string> LinesOf(LogSource source) => Lines.Where(line => line.Source == source).Select(line => line.Bytes);

    /// <summary>The unfinished line of a source; empty: none.</summary>
    public string Begun(LogSource source) => _begun.TryGetValue(source, out var begun) ? begun.ToString() : "";

    /// <summary>All bytes of a source.</summary>
    public string All(LogSource source) => _all.TryGetValue(source, out var all) ? all.ToString() : "";

    public void Add(LogBatch batch)
    {
        foreach (var piece in batch.Pieces)
        {
            Add(piece);
        }

        Next = batch.Next;
        Batches++;
    }

    private void Add(in LogPiece piece)
    {
        var begun = Of(_begun, piece.Source);
        Assert.Equal(begun.Length, piece.Offset);
        Assert.Equal(begun.Length > 0, piece.Continued);
        var text = Encoding.Latin1.GetString(piece.Data.Span);
        Of(_all, piece.Source).Append(text);
        var number = piece.FirstLine;
        foreach (var part in text.Split('\n').SkipLast(1))
        {
            End(piece.Source, begun.Append(part).Append('\n'), number++);
        }

        begun.Append(text[(text.LastIndexOf('\n') + 1)..]);
        if (piece.NoNewline)
        {
            End(piece.Source, begun, number);
        }

        Assert.Equal(begun.Length > 0, piece.Unfinished);
    }

    private void End(LogSource source, StringBuilder line, long number)
    {
        Assert.NotEqual(0, number);
        Lines.Add(new ReceivedLine(number, source, line.ToString()));
        line.Clear();
    }

    private static StringBuilder Of(Dictionary<LogSource, StringBuilder> texts, LogSource source) =>
        texts.TryGetValue(source, out var text) ? text : texts[source] = new StringBuilder();
}
