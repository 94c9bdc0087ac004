using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Supervision;
using Microsoft.Extensions.Logging;

namespace Hephaestus.Server.Configuration;

/// <summary>Watches the directories of some files. Not thread-safe.</summary>
/// <param name="hint">See <see cref="RuleDirectoryWatch"/>.</param>
internal sealed class DirectoryWatches(Action hint, ILogger log) : IDisposable
{
    /// <summary>Each costs an instance of inotify; changes of files elsewhere are found by looking now and then.</summary>
    private const int MostWatched = 8;

    private readonly Dictionary<string, RuleDirectoryWatch> _watches = new(StringComparer.Ordinal);

    /// <summary>Watches the directories of these files, as they are now, and no others any more.</summary>
    /// <returns>Some were not watched before: what changed there until now gave no hint.</returns>
    public bool Arm(IEnumerable<string> files)
    {
        var wanted = files.Select(file => Path.GetDirectoryName(file) ?? "/").Distinct(StringComparer.Ordinal).Take(MostWatched).ToArray();
        foreach (var gone in _watches.Keys.Except(wanted).ToArray())
        {
            _watches.Remove(gone, out var watch);
            watch!.Dispose();
        }

        var added = wanted.Where(directory => _watches.TryAdd(directory, Watch(directory))).Count();
        foreach (var (directory, watch) in _watches)
        {
            watch.Arm(Libc.Status(directory, out var status) == 0 ? status : null);
        }

        return added > 0;
    }

    private RuleDirectoryWatch Watch(string directory) => new(directory, hint, log) { Recursive = false };

    public void Dispose()
    {
        foreach (var watch in _watches.Values)
        {
            watch.Dispose();
        }
    }
}
