using System.Collections.Immutable;

namespace Hephaestus.Protocol.Configuration;

/// <summary>A configuration as read: every entry in its order, and what was wrong with the rest.</summary>
public sealed class Configuration(ImmutableArray<ConfigurationEntry> entries, ImmutableArray<ConfigurationProblem> problems)
{
    private readonly Dictionary<string, ConfigurationEntry> _last = Last(entries);

    /// <summary>Without any file.</summary>
    public static Configuration Empty { get; } = new([], []);

    /// <summary>In the order of the files, the overridden ones too.</summary>
    public ImmutableArray<ConfigurationEntry> Entries { get; } = entries;

    /// <summary>What could not be read as an entry.</summary>
    public ImmutableArray<ConfigurationProblem> Problems { get; } = problems;

    /// <summary>Absolute paths of all files that were read, or were to be, each once.</summary>
    public ImmutableArray<string> Files { get; init; } = [];

    /// <summary>Whether both were read from the same lines.</summary>
    public bool Tells(Configuration other) =>
        ReferenceEquals(this, other) || (Entries.SequenceEqual(other.Entries) && Problems.SequenceEqual(other.Problems));

    /// <summary>The last entry of a key, which is the one that counts; null: the key is not set.</summary>
    public ConfigurationEntry? Find(string key) => _last.GetValueOrDefault(key);

    /// <summary>Warnings for the entries whose keys <paramref name="isKnown"/> does not take, with the nearest known one.</summary>
    public IEnumerable<ConfigurationProblem> UnknownKeys(Func<string, bool> isKnown, IEnumerable<string> known) =>
        from entry in Entries
        where !isKnown(entry.Key)
        let nearest = NearestName.Of(entry.Key, known)
        select entry.Warning(nearest is null ? "unknown key, ignored" : $"unknown key, ignored; did you mean {nearest}?");

    private static Dictionary<string, ConfigurationEntry> Last(ImmutableArray<ConfigurationEntry> entries)
    {
        var last = new Dictionary<string, ConfigurationEntry>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            last[entry.Key] = entry;
        }

        return last;
    }
}
