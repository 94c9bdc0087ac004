using System.Globalization;
using System.Text;

namespace Hephaestus.Server.Logs;

/// <summary>
/// Log lines as the first Hephaestus gave them: <c>YYYY-MM-DD HH:MM:SS T text</c>, the server's local time; T is I for
/// standard output and remarks, E for standard error and errors.
/// </summary>
internal static class LogText
{
    /// <summary>Bytes that a line has before its text.</summary>
    public const int PrefixLength = 22;

    /// <summary>What a line begins with.</summary>
    public static string Prefix(DateTimeOffset time, LogStream stream) => string.Create(
        CultureInfo.InvariantCulture,
        $"{time.ToLocalTime():yyyy-MM-dd HH:mm:ss} {(stream is LogStream.Err or LogStream.ErrorRemark ? 'E' : 'I')} ");

    /// <summary>A piece's lines, without their newlines; the first and the last may be parts of longer ones.</summary>
    public static IEnumerable<TextPart> Lines(LogPiece piece)
    {
        var prefix = Encoding.ASCII.GetBytes(Prefix(piece.Time, piece.Source.Stream));
        for (var (rest, begins) = (piece.Data, !piece.Continued); !rest.IsEmpty; begins = true)
        {
            var newline = rest.Span.IndexOf((byte)'\n');
            var length = newline < 0 ? rest.Length : newline;
            yield return new TextPart(begins ? prefix : [], rest[..length], newline >= 0 || !piece.Unfinished);
            rest = rest[(newline < 0 ? length : length + 1)..];
        }
    }
}

/// <summary>A line of a log, or a part of one.</summary>
/// <param name="Prefix">Empty: the line began in an earlier part.</param>
/// <param name="Text">As printed, without the newline.</param>
/// <param name="Ends">The line has no further part.</param>
internal readonly record struct TextPart(ReadOnlyMemory<byte> Prefix, ReadOnlyMemory<byte> Text, bool Ends);
