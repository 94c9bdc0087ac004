namespace Hephaestus.Server.Journal;

/// <summary>Texts of callers as the journal keeps them, however long they are.</summary>
internal static class BoundedText
{
    /// <summary>
    /// The first line; what was cut off an ellipsis stands for. A NUL, at which SQLite's own tools would stop reading, becomes
    /// U+FFFD.
    /// </summary>
    /// <param name="most">Characters (UTF-16) at most, from 2.</param>
    public static string Of(string text, int most)
    {
        var line = text.AsSpan(0, Math.Min(text.Length, most + 1));
        var end = line.IndexOfAny('\r', '\n') is >= 0 and var at ? at : line.Length;
        if (end <= most && end == text.Length)
        {
            return text.Replace('\0', '\uFFFD');
        }

        var kept = Math.Min(end, most - 1);
        // Half a surrogate pair is no text.
        kept -= kept > 0 && char.IsHighSurrogate(text[kept - 1]) ? 1 : 0;
        return $"{text.AsSpan(0, kept)}…".Replace('\0', '\uFFFD');
    }
}
