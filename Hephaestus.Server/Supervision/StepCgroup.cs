using System.Globalization;
using System.Text;

namespace Hephaestus.Server.Supervision;

/// <summary>
/// The control group that an attempt was born in: whatever it starts is in there too, in whatever session it is and
/// whatever it did to its environment. One that is gone is empty.
/// </summary>
internal sealed record StepCgroup(string Directory)
{
    private const UnixFileMode OthersOnlyLook = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>Some process of it has not ended.</summary>
    public bool IsPopulated => Text(Directory, "cgroup.events").Contains("populated 1", StringComparison.Ordinal);

    /// <summary>Ids of its processes, and of those of control groups that they made below.</summary>
    public IReadOnlyList<int> Members() => [.. Members(Directory)];

    /// <summary>Whether its name begins so.</summary>
    public bool IsNamed(string prefix) => Path.GetFileName(Directory).StartsWith(prefix, StringComparison.Ordinal);

    /// <summary>Whether a process is in this or in another attempt's control group.</summary>
    public bool IsOfAttempts(int pid) =>
        Text($"/proc/{pid}", "cgroup").Contains($"/{Path.GetFileName(Path.GetDirectoryName(Directory))}/", StringComparison.Ordinal);

    /// <summary>SIGKILL to all of it, what they fork meanwhile included; kernels before 5.14 cannot.</summary>
    /// <returns>False: it was not done.</returns>
    public bool Kill() => Write(Path.Combine(Directory, "cgroup.kill"), "1") == 0;

    /// <summary>Makes one that other users can only look at; if it is there, nothing happens.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public static void Make(string directory)
    {
        try
        {
            System.IO.Directory.CreateDirectory(directory, OthersOnlyLook);
        }
        catch (UnauthorizedAccessException fault)
        {
            throw new IOException(fault.Message, fault);
        }
    }

    /// <summary>Removes it; false: some process of it has not ended.</summary>
    public bool TryRemove()
    {
        try
        {
            foreach (var below in Below(Directory))
            {
                new StepCgroup(below).TryRemove();
            }

            System.IO.Directory.Delete(Directory);
            return true;
        }
        catch (Exception kept) when (kept is IOException or UnauthorizedAccessException)
        {
            return !System.IO.Directory.Exists(Directory);
        }
    }

    /// <summary>Moves this process into a control group; 0 or an errno.</summary>
    public static int Enter(string directory) => Write(Path.Combine(directory, "cgroup.procs"), "0");

    private static int Write(string file, string text)
    {
        try
        {
            using var opened = Libc.Open(file, Libc.O_WRONLY);
            return Libc.Write(opened, Encoding.ASCII.GetBytes(text)) < 0 ? Libc.LastError : 0;
        }
        catch (IOException fault)
        {
            return fault.HResult;
        }
    }

    private static IEnumerable<int> Members(string directory) =>
        Text(directory, "cgroup.procs").Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => int.Parse(line, CultureInfo.InvariantCulture))
            // A process of another namespace has no id here.
            .Where(pid => pid > 0)
            .Concat(Below(directory).SelectMany(Members));

    private static string[] Below(string directory)
    {
        try
        {
            return System.IO.Directory.GetDirectories(directory);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string Text(string directory, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(directory, file));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
