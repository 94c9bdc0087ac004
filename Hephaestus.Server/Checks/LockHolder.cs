using System.Globalization;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Checks;

/// <summary>Who holds a lock on a file, as the kernel tells: trying to take it could make a server fail that starts just now.</summary>
internal static class LockHolder
{
    private const string Locks = "/proc/locks";

    /// <summary>Process ids, 0 where the holder is not to be seen from here; empty: nobody, or the kernel does not tell.</summary>
    /// <param name="exclusive">Only those that let nobody else in.</param>
    public static IReadOnlyList<int> Of(string path, bool exclusive = true)
    {
        if (Libc.Status(path, out var status) != 0 || !File.Exists(Locks))
        {
            return [];
        }

        var (major, minor) = (status.Device >> 32, status.Device & uint.MaxValue);
        var file = string.Create(CultureInfo.InvariantCulture, $"{major:x2}:{minor:x2}:{status.Inode}");
        return [.. from line in File.ReadLines(Locks)
                   let fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                   where fields.Length >= 6 && fields[^3] == file && (!exclusive || fields[^5] == "WRITE")
                   select int.TryParse(fields[^4], NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0];
    }

    /// <summary>In words.</summary>
    public static string Describe(int pid) => pid == 0 ? "a process that is not to be seen from here" : $"process {pid}{Name(pid)}";

    private static string Name(int pid)
    {
        try
        {
            return $" ({File.ReadAllText($"/proc/{pid}/comm").Trim()})";
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
