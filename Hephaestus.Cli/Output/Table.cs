using System.Text;

namespace Hephaestus.Cli.Output;

/// <summary>Rows below a head, in columns as wide as what stands in them.</summary>
internal static class Table
{
    /// <summary>Writes it; the last column is not padded.</summary>
    /// <param name="colour">The colour of a cell by column and text; empty: none. Asked only where colours are shown.</param>
    public static void Write(Screen screen, IReadOnlyList<string> head, IReadOnlyList<string[]> rows, Func<int, string, string> colour)
    {
        var shown = screen.Settings.IsTerminal ? [.. rows.Select(row => row.Select(PlainText.Of).ToArray())] : rows;
        var widths = head.Select((title, column) => shown.Select(row => row[column].Length).Append(title.Length).Max()).ToArray();
        screen.WriteLine(Line([.. head], widths, (_, cell) => cell));
        foreach (var row in shown)
        {
            var line = Line(row, widths, (column, cell) => screen.Settings.Colours ? Coloured(cell, colour(column, cell.TrimEnd())) : cell);
            System.Buffers.BuffersExtensions.Write(screen, Encoding.UTF8.GetBytes(line + "\n"));
        }
    }

    private static string Line(string[] cells, int[] widths, Func<int, string, string> paint) => string.Join(
        "  ",
        cells.Select((cell, column) => paint(column, column == cells.Length - 1 ? cell : cell.PadRight(widths[column]))));

    private static string Coloured(string cell, string colour) => colour.Length == 0 ? cell : $"\e[{colour}m{cell}\e[0m";
}
