using System.Buffers;
using System.Text;

namespace Hephaestus.Cli.Output;

/// <summary>Text as a terminal may show it, without control characters and colours.</summary>
internal static class PlainText
{
    /// <summary>The same text, made harmless; newlines are shown too.</summary>
    public static string Of(string text) => Of(Encoding.UTF8.GetBytes(text));

    /// <summary>Any bytes; of what a carriage return writes over, only the newest is left.</summary>
    public static string Of(ReadOnlySpan<byte> bytes)
    {
        // A carriage return at the end has not written over anything yet.
        var last = bytes.TrimEnd((byte)'\r').LastIndexOf((byte)'\r');
        var buffer = new ArrayBufferWriter<byte>();
        var filter = new TerminalText(colours: false);
        filter.Write(bytes[(last + 1)..], buffer);
        filter.End(buffer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>As much of a text as surely fits in so many columns.</summary>
    public static string Fit(string text, int columns)
    {
        var fitting = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            columns -= Columns(rune);
            if (columns < 0)
            {
                break;
            }

            fitting.Append(rune.ToString());
        }

        return fitting.ToString();
    }

    /// <summary>Columns that a text takes at most.</summary>
    public static int Columns(string text) => text.EnumerateRunes().Sum(Columns);

    // Which characters are wide is known to the terminal alone; a tab would be wider still.
    private static int Columns(Rune rune) => rune.Value == '\t' ? 8 : rune.IsAscii ? 1 : 2;
}
