namespace Hephaestus.Cli.Output;

/// <summary>Rows below a head, in columns as wide as what stands in them.</summary>
internal static class Table
{
    /// <summary>Writes it; the last column is not padded.</summary>
    /// <param name="colour">The colour of a cell by column and text; empty: none.</param>
    public static void Write(
        Screen screen, IReadOnlyList<string> head, IReadOnlyList<string[]> rows, Func<int, string, string> colour)
    {
        string[][] shown = [.. rows.Select(row => row.Select(PlainText.Of).ToArray())];
        var widths = head.Select((title, column) => shown.Select(row => row[column].Length).Append(title.Length).Max()).ToArray();
        screen.WriteLine(Line([.. head], widths, Plain));
        foreach (var row in shown)
        {
            screen.WriteText(Line(row, widths, screen.Settings.Colours ? Coloured : Plain) + "\n");
        }

        string Coloured(int column, string cell) =>
            colour(column, cell.TrimEnd()) is { Length: > 0 } found ? $"\e[{found}m{cell}\e[0m" : cell;
    }

    private static string Plain(int column, string cell) => cell;

    private static string Line(string[] cells, int[] widths, Func<int, string, string> paint) => string.Join(
        "  ",
        cells.Select((cell, column) => paint(column, column == cells.Length - 1 ? cell : cell.PadRight(widths[column]))));
}
