namespace Hephaestus.Server.Plans;

/// <summary>A position in a text, moved forward by who reads.</summary>
internal sealed class TextCursor(string text)
{
    public string Text { get; } = text;

    public int Position { get; set; }

    public bool AtEnd => Position >= Text.Length;

    /// <summary>The character here; NUL at the end.</summary>
    public char Current => AtEnd ? '\0' : Text[Position];

    /// <summary>Offset of the new line that ends this line, or of the text's end.</summary>
    public int LineEnd => Text.IndexOf('\n', Position) is >= 0 and var end ? end : Text.Length;

    /// <summary>From here to the end of the line.</summary>
    public ReadOnlySpan<char> RestOfLine => Text.AsSpan(Position..LineEnd);

    public bool StartsWith(string word) => Text.AsSpan(Position).StartsWith(word);

    public void SkipBlanks() => SkipWhile(IsBlank);

    /// <summary>Skips blanks and new lines.</summary>
    public void SkipWhite() => SkipWhile(IsWhite);

    /// <summary>To the first character of the next line.</summary>
    public void SkipLine() => Position = Math.Min(LineEnd + 1, Text.Length);

    public void SkipWhile(Func<char, bool> matches)
    {
        while (!AtEnd && matches(Current))
        {
            Position++;
        }
    }

    public string TakeWhile(Func<char, bool> matches)
    {
        var start = Position;
        SkipWhile(matches);
        return Text[start..Position];
    }

    public static bool IsBlank(char character) => character is ' ' or '\t';

    public static bool IsWhite(char character) => character is ' ' or '\t' or '\n';
}
