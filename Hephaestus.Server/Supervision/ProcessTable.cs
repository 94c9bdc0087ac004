using System.Globalization;
using System.Text;

namespace Hephaestus.Server.Supervision;

/// <summary>The processes of the machine as /proc shows them (proc(5)). What has gone meanwhile is left out.</summary>
internal static class ProcessTable
{
    /// <summary>USER_HZ is 100 on every machine that .NET runs on.</summary>
    private const long NanosecondsPerTick = 10_000_000;

    /// <summary>exit_code, field 52 of stat, counted from the state, field 3.</summary>
    private const int ExitCodeField = 49;

    /// <summary>All processes that have not ended, in no order.</summary>
    public static IEnumerable<ProcessEntry> Read() =>
        from directory in Directory.EnumerateDirectories("/proc")
        let pid = Number(Path.GetFileName(directory))
        where pid > 0
        let entry = Find(pid)
        where entry is not null
        select entry;

    /// <summary>One process; null: it has ended.</summary>
    public static ProcessEntry? Find(int pid) => Parse(pid, Text($"/proc/{pid}/stat")) is { State: not ('Z' or 'X') } entry ? entry : null;

    /// <summary>When a process was started, in clock ticks since boot, be it a zombie by now; 0: it is gone.</summary>
    public static ulong StartOf(int pid) => Parse(pid, Text($"/proc/{pid}/stat"))?.StartTicks ?? 0;

    /// <summary>
    /// Whether one that was started then (clock ticks since boot; 0: unknown) may be among these processes. None is older than the first:
    /// in a container that was started again ids are given out from 1 on again, and whoever had one before is gone.
    /// </summary>
    public static bool MayHold(ulong startTicks) => startTicks == 0 || startTicks >= StartOf(1);

    /// <summary>
    /// How a process ended that nobody has reaped yet (raw status of wait(2)). Null: it has not ended, it is gone, or the
    /// kernel does not tell this user, for whom it says 0.
    /// </summary>
    /// <param name="startTicks">Tells it from a later process of the same id.</param>
    public static int? StatusOfZombie(int pid, ulong startTicks)
    {
        var stat = Text($"/proc/{pid}/stat").TrimEnd();
        return Parse(pid, stat) is { State: 'Z' } zombie
            && zombie.StartTicks == startTicks
            && stat[(stat.LastIndexOf(") ", StringComparison.Ordinal) + 2)..].Split(' ') is { Length: > ExitCodeField } fields
            && int.TryParse(fields[ExitCodeField], NumberStyles.None, CultureInfo.InvariantCulture, out var status)
            && (status != 0 || IsOwn(pid))
                ? status
                : null;
    }

    /// <summary>All of its user ids are this process's.</summary>
    private static bool IsOwn(int pid) =>
        Text($"/proc/{pid}/status").Split('\n').FirstOrDefault(line => line.StartsWith("Uid:", StringComparison.Ordinal)) is { } ids
        && ids.Split('\t')[1..].All(id => id == Libc.User().ToString(CultureInfo.InvariantCulture));

    /// <summary>What a process that is started now has as its start, in clock ticks since boot; or the tick before.</summary>
    public static ulong Now() => (ulong)(Libc.BootClock() / NanosecondsPerTick);

    /// <summary>Whether a variable of this value was in the environment that the process's program was given.</summary>
    public static bool Carries(int pid, string name, string value) =>
        Bytes($"/proc/{pid}/environ").AsSpan().IndexOf(Encoding.UTF8.GetBytes($"{name}={value}\0")) >= 0;

    /// <summary>Whether a variable was in the environment that the process's program was given.</summary>
    public static bool Carries(int pid, string name) => Bytes($"/proc/{pid}/environ").AsSpan().IndexOf(Encoding.UTF8.GetBytes($"{name}=")) >= 0;

    /// <summary>
    /// Whether the process can write to one of these files. (Reading ends tell nothing: a child of the supervisor has
    /// those of all attempts until it becomes its program.)
    /// </summary>
    public static bool Writes(int pid, params ReadOnlySpan<string> files)
    {
        try
        {
            foreach (var descriptor in new DirectoryInfo($"/proc/{pid}/fd").EnumerateFiles())
            {
                if (descriptor.LinkTarget is { } target && files.Contains(target) && IsForWriting(pid, descriptor.Name))
                {
                    return true;
                }
            }
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            // Another user's process, or none any more.
        }

        return false;
    }

    /// <summary>By the flags of open(2) that proc(5) shows in octal; the lowest two bits are the access mode.</summary>
    private static bool IsForWriting(int pid, string descriptor) =>
        Text($"/proc/{pid}/fdinfo/{descriptor}").Split('\n').FirstOrDefault(line => line.StartsWith("flags:", StringComparison.Ordinal))
            is { Length: > 0 } flags && ((flags[^1] - '0') & 3) is Libc.O_WRONLY or Libc.O_RDWR;

    private static ProcessEntry? Parse(int pid, string stat)
    {
        // The name stands in parentheses and may hold anything, parentheses and blanks too.
        var end = stat.LastIndexOf(") ", StringComparison.Ordinal);
        var start = stat.IndexOf('(', StringComparison.Ordinal);
        if (start < 0 || end < start || stat[(end + 2)..].Split(' ') is not [var state, var parent, var group, var session, ..] fields)
        {
            return null;
        }

        return fields.Length <= 19
            ? null
            : new ProcessEntry(
                pid,
                stat[(start + 1)..end],
                state[0],
                Number(parent),
                Number(group),
                Number(session),
                ulong.Parse(fields[19], CultureInfo.InvariantCulture));
    }

    private static int Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static string Text(string file) => Encoding.Latin1.GetString(Bytes(file));

    private static byte[] Bytes(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}

/// <summary>One process.</summary>
/// <param name="Name">The first 15 bytes of its program's name, or what it calls itself.</param>
/// <param name="State">As ps shows it; Z is a zombie.</param>
/// <param name="StartTicks">Since boot; with the pid it tells a process from a later one of the same id.</param>
internal sealed record ProcessEntry(int Pid, string Name, char State, int Parent, int Group, int Session, ulong StartTicks);
