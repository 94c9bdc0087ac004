namespace Hephaestus.Cli.Output;

/// <summary>
/// Lines at the bottom of a terminal that are written over again and again. They never wrap, the cursor stays behind
/// the last of them, and no mode of the terminal is changed: whenever the program ends, the terminal is usable.
/// </summary>
/// <param name="columns">Columns of the terminal as it is now; 0: unknown.</param>
/// <param name="colours">Whether they may be dimmed.</param>
internal sealed class LiveLines(Func<int> columns, bool colours)
{
    private const int UsualColumns = 80;
    private const int FewestColumns = 20;

    private IReadOnlyList<string> _drawn = [];

    private int Width => columns() is > 0 and var known ? known : UsualColumns;

    /// <summary>What draws the lines where the cursor is, at the start of a line.</summary>
    public string Draw(IReadOnlyList<string> lines)
    {
        var width = Width;
        if (width < FewestColumns || lines.Count == 0)
        {
            return "";
        }

        _drawn = [.. lines.Select(line => PlainText.Fit(line, width - 1))];
        var text = string.Join("\r\n", _drawn);
        return colours ? $"\e[2m{text}\e[0m" : text;
    }

    /// <summary>What removes the lines that are drawn and leaves the cursor where the first began.</summary>
    public string Erase()
    {
        if (_drawn.Count == 0)
        {
            return "";
        }

        // A terminal that became narrower has wrapped them.
        var width = Width;
        var above = _drawn.Sum(line => Math.Max(1, (PlainText.Columns(line) + width - 1) / width)) - 1;
        _drawn = [];
        return above > 0 ? $"\e[{above}A\r\e[J" : "\r\e[J";
    }

    /// <summary>Another program has written to the terminal: there is nothing to remove.</summary>
    public void Forget() => _drawn = [];
}
