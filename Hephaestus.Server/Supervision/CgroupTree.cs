using System.Text;

namespace Hephaestus.Server.Supervision;

/// <summary>
/// Where this process is among the control groups of version 2, as proc(5) and cgroups(7) tell it: in the "unified" mode
/// they are mounted at /sys/fs/cgroup, in the "hybrid" one beside those of version 1.
/// </summary>
internal static class CgroupTree
{
    /// <summary>The directory of this process's own control group; null: there is none, or it cannot be seen from here.</summary>
    public static string? Own()
    {
        try
        {
            return Own(File.ReadAllText("/proc/self/mountinfo"), File.ReadAllText("/proc/self/cgroup"));
        }
        catch (Exception unknown) when (unknown is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The same from the files' contents; pure.</summary>
    public static string? Own(string mountinfo, string cgroup) =>
        cgroup.Split('\n').FirstOrDefault(line => line.StartsWith("0::", StringComparison.Ordinal))?[3..] is { } own
            ? mountinfo.Split('\n').Select(line => Below(line.Split(' '), own)).FirstOrDefault(directory => directory is not null)
            : null;

    /// <summary>
    /// Fields of a mount: id, parent, device, root, mount point, options, any number of tags, "-", type, source, options.
    /// </summary>
    private static string? Below(string[] mount, string own)
    {
        var dash = Array.IndexOf(mount, "-");
        if (dash < 6 || dash + 1 >= mount.Length || mount[dash + 1] != "cgroup2")
        {
            return null;
        }

        var (root, point) = (Plain(mount[3]).TrimEnd('/'), Plain(mount[4]).TrimEnd('/'));

        // "/.." begins what lies outside of the part that is mounted or of the process's namespace.
        var isBelow = own == root || own.StartsWith(root + "/", StringComparison.Ordinal);
        return isBelow && !own.StartsWith("/..", StringComparison.Ordinal) ? (point + own[root.Length..]).TrimEnd('/') : null;
    }

    /// <summary>Blanks, tabs, line ends and backslashes stand there as <c>\ooo</c>.</summary>
    private static string Plain(string field)
    {
        var plain = new StringBuilder(field.Length);
        for (var at = 0; at < field.Length; at++)
        {
            if (field[at] == '\\' && at + 3 < field.Length)
            {
                plain.Append((char)(((field[at + 1] - '0') << 6) | ((field[at + 2] - '0') << 3) | (field[at + 3] - '0')));
                at += 3;
            }
            else
            {
                plain.Append(field[at]);
            }
        }

        return plain.ToString();
    }
}
