using System.Diagnostics;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>What outlives a server by design: its supervisor and running steps.</summary>
internal static class Remnants
{
    /// <summary>The supervisor of a state directory and all that descends from it, by process id.</summary>
    public static IReadOnlyList<int> Of(string stateDirectory)
    {
        var processes = Processes().ToArray();
        var found = processes.Where(process => Arguments(process.Pid).Contains(stateDirectory)).Select(process => process.Pid).ToHashSet();
        for (var more = true; more;)
        {
            more = processes.Where(process => found.Contains(process.Parent)).ToArray().Any(process => found.Add(process.Pid));
        }

        return [.. found.Where(pid => pid != Environment.ProcessId)];
    }

    /// <summary>Kills what is left and waits until none of it is there.</summary>
    public static async Task EndAsync(string stateDirectory)
    {
        foreach (var pid in Of(stateDirectory))
        {
            await KillAsync(pid);
        }
    }

    /// <summary>Completes when no process of the state directory is left.</summary>
    public static async Task GoneAsync(string stateDirectory)
    {
        foreach (var pid in Of(stateDirectory))
        {
            await GoneAsync(pid);
        }
    }

    /// <summary>Completes when the process is gone.</summary>
    public static async Task GoneAsync(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            await process.WaitForExitAsync().DefaultTimeout();
        }
        catch (ArgumentException)
        {
            // It was gone before.
        }
    }

    private static async Task KillAsync(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            process.Kill();
            await process.WaitForExitAsync().DefaultTimeout();
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException)
        {
            // It was gone before.
        }
    }

    private static IEnumerable<(int Pid, int Parent)> Processes() =>
        from directory in Directory.EnumerateDirectories("/proc")
        where int.TryParse(Path.GetFileName(directory), out _)
        let stat = Read(Path.Combine(directory, "stat"))
        where stat.Length > 0
        select (int.Parse(Path.GetFileName(directory)), int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1]));

    private static string[] Arguments(int pid) => Read($"/proc/{pid}/cmdline").Split('\0');

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
