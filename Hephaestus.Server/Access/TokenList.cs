using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Hephaestus.Server.Access;

/// <summary>All tokens, sorted by name; the content of their file.</summary>
internal sealed class TokenList : IEquatable<TokenList>
{
    /// <summary>How many there can be.</summary>
    public const int Most = 1_000;

    private const string Heading = "# Tokens of callers, made by hephaestus token: name, when it was made, salt, SHA-256 of salt and secret.";

    private readonly FrozenDictionary<string, TokenEntry> _byName;
    private readonly FrozenDictionary<string, TokenEntry>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    private TokenList(IEnumerable<TokenEntry> entries)
    {
        _byName = entries.ToFrozenDictionary(entry => entry.Name, StringComparer.Ordinal);
        _lookup = _byName.GetAlternateLookup<ReadOnlySpan<char>>();
        Entries = [.. _byName.Values.OrderBy(entry => entry.Name, StringComparer.Ordinal)];
    }

    public static TokenList Empty { get; } = new([]);

    public ImmutableArray<TokenEntry> Entries { get; }

    /// <summary>Reads a file's text; otherwise what is wrong with it, with the line.</summary>
    public static (TokenList? Tokens, string? Fault) Parse(string text)
    {
        var entries = new Dictionary<string, TokenEntry>(StringComparer.Ordinal);
        foreach (var (line, number) in text.Split('\n').Select((line, index) => (line.Trim(), index + 1)))
        {
            if (line is [] or ['#', ..])
            {
                continue;
            }

            if (Fault(line, entries) is { } fault)
            {
                return (null, $"line {number}: {fault}");
            }
        }

        return (new TokenList(entries.Values), null);
    }

    /// <summary>The text of the file.</summary>
    public override string ToString() => string.Concat(Entries.Select(entry => entry.ToString()).Prepend(Heading).Select(line => line + "\n"));

    public bool Equals(TokenList? other) => other?.ToString() == ToString();

    public override bool Equals(object? obj) => Equals(obj as TokenList);

    public override int GetHashCode() => Entries.Length;

    public bool Has(string name) => _byName.ContainsKey(name);

    /// <summary>With one more, or in place of the one of that name.</summary>
    public TokenList With(TokenEntry entry) => new(Entries.Where(other => other.Name != entry.Name).Append(entry));

    public TokenList Without(string name) => new(Entries.Where(entry => entry.Name != name));

    /// <summary>
    /// What the bearer of a token's text proves; null: it is no token. One hash, whether there is one of that name or not.
    /// </summary>
    public Proof? Verify(ReadOnlySpan<char> text)
    {
        var name = text[..Math.Max(0, text.IndexOf('.'))];
        var entry = _lookup.TryGetValue(name, out var known) ? known : TokenEntry.Nobody;
        return entry.Matches(text[Math.Min(name.Length + 1, text.Length)..]) ? entry.Proof : null;
    }

    /// <summary>Takes a line, or says why not. What the line holds is not repeated: it may be a token, put there by mistake.</summary>
    private static string? Fault(string line, Dictionary<string, TokenEntry> entries) => TokenEntry.Parse(line) switch
    {
        null => "there is no token as hephaestus token new writes it: name, time, salt and hash",
        { } entry when !entries.TryAdd(entry.Name, entry) => $"there is another token {entry.Name} above",
        _ => entries.Count > Most ? $"more than {Most} tokens" : null,
    };
}
