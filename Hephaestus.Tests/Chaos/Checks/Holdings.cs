using System.Text.RegularExpressions;

namespace Hephaestus.Tests.Chaos.Checks;

/// <summary>Descriptors and threads of a process, counted by kind.</summary>
internal sealed partial class Holdings
{
    /// <summary>What the runtime makes and ends as it pleases: threads of its pool, and of its compiler.</summary>
    private static readonly string[] s_runtimes = [".NET TP", ".NET Tiered", ".NET Long"];

    private readonly Dictionary<string, int> _counts;

    private Holdings(Dictionary<string, int> counts) => _counts = counts;

    public static Holdings Of(int pid) => new(Descriptors(pid).Concat(Threads(pid)).CountBy(kind => kind).ToDictionary());

    /// <summary>What there is more of than before; empty: nothing.</summary>
    public string Beyond(Holdings before) => string.Join(", ", _counts
        .Where(kind => kind.Value > before._counts.GetValueOrDefault(kind.Key))
        .Select(kind => $"{kind.Value} x {kind.Key} (before: {before._counts.GetValueOrDefault(kind.Key)})"));

    private static IEnumerable<string> Descriptors(int pid) =>
        from descriptor in new DirectoryInfo($"/proc/{pid}/fd").EnumerateFileSystemInfos()
        let target = Target(descriptor)
        where target is not null && !IsJournal(target) && !IsLibrary(target)
        select Number().Replace(target, "N");

    /// <summary>Connections to the journal are kept for those who read next.</summary>
    private static bool IsJournal(string target) => Path.GetFileName(target).StartsWith("journal.db", StringComparison.Ordinal);

    /// <summary>Opened when it is first used, and kept.</summary>
    private static bool IsLibrary(string target) => Path.GetExtension(target) is ".dll" or ".pdb" or ".so";

    private static IEnumerable<string> Threads(int pid) =>
        from task in Directory.EnumerateDirectories($"/proc/{pid}/task")
        let name = Name(task)
        where name is not null && !s_runtimes.Any(runtime => name.StartsWith(runtime, StringComparison.Ordinal))
        select $"thread {name}";

    private static string? Target(FileSystemInfo descriptor)
    {
        try
        {
            return descriptor.LinkTarget;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static string? Name(string task)
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, "comm")).TrimEnd();
        }
        catch (IOException)
        {
            return null;
        }
    }

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Number();
}
