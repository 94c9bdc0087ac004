using System.Text;

namespace Hephaestus.Server.Plans;

/// <summary>Guesses what a misspelt word was meant to be, and shows words of a text in a message.</summary>
internal static class Spelling
{
    // Longer words are names that somebody generated; and the distance of two texts costs the product of their lengths.
    private const int LongestWord = 64;
    private const int LongestShown = 60;

    /// <summary>The candidate with the smallest distance that is at most <paramref name="most"/>; null: there is none.</summary>
    public static string? Nearest(string word, IEnumerable<string> candidates, int most) =>
        word.Length > LongestWord
            ? null
            : candidates
                .Where(candidate => candidate.Length <= LongestWord && Math.Abs(candidate.Length - word.Length) <= most)
                .Select(candidate => (Candidate: candidate, Distance: Distance(word, candidate)))
                .Where(pair => pair.Distance <= most)
                .OrderBy(pair => pair.Distance)
                .Select(pair => pair.Candidate)
                .FirstOrDefault();

    /// <summary>Levenshtein's: how many letters to insert, remove or replace. Upper and lower case are the same.</summary>
    public static int Distance(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var replaced = diagonal + (char.ToLowerInvariant(one[i - 1]) == char.ToLowerInvariant(other[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }

    /// <summary>The word in quotes, cut when it is long, its control characters made visible: fit for one line of text.</summary>
    public static string Quote(string word) => Quote(word, LongestShown);

    /// <summary>A file's path in quotes, whole, its control characters made visible: whoever reads it shall find it.</summary>
    public static string QuotePath(string path) => Quote(path, int.MaxValue);

    private static string Quote(string word, int longest)
    {
        var shown = new StringBuilder("\"");
        foreach (var rune in word.EnumerateRunes().Take(longest))
        {
            shown.Append(Rune.IsControl(rune) ? $"\\x{rune.Value:x2}" : rune.ToString());
        }

        return shown.Append(word.EnumerateRunes().Skip(longest).Any() ? "…\"" : "\"").ToString();
    }
}
