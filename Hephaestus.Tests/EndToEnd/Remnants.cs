using System.Text;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>What outlives a server by design: its supervisor and running steps.</summary>
internal static class Remnants
{
    /// <summary>In the environment of all that a test's servers start, but for what clears it.</summary>
    public const string Mark = "SERVER_HOME_OF_TEST";

    /// <summary>Every process that the servers of a home started and that has not ended, by process id.</summary>
    public static IReadOnlyList<int> Of(ServerHome home)
    {
        var processes = ProcessTable.Read().ToArray();
        var found = processes.Where(process => BelongsTo(process.Pid, home)).Select(process => process.Pid).ToHashSet();
        for (var more = true; more;)
        {
            more = processes.Where(process => found.Contains(process.Parent)).ToArray().Any(process => found.Add(process.Pid));
        }

        return [.. found.Where(pid => pid != Environment.ProcessId)];
    }

    /// <summary>The supervisor of a home; 0: there is none.</summary>
    public static int SupervisorOf(ServerHome home) =>
        ProcessTable.Read().FirstOrDefault(process => IsSupervisor(process.Pid, home))?.Pid ?? 0;

    /// <summary>Kills what is left and waits until none of it is there.</summary>
    public static async Task EndAsync(ServerHome home)
    {
        while (Of(home) is { Count: > 0 } left)
        {
            await Task.WhenAll(left.Select(pid => GoneAsync(pid, Signals.Kill)));
        }
    }

    /// <summary>Completes when no process of a home is left, its supervisor among them.</summary>
    public static async Task GoneAsync(ServerHome home)
    {
        while (Of(home) is { Count: > 0 } left)
        {
            await Task.WhenAll(left.Select(pid => GoneAsync(pid)));
        }
    }

    /// <summary>Completes when the process has ended.</summary>
    /// <param name="signal">Sent to it before; 0: none.</param>
    public static async Task GoneAsync(int pid, int signal = 0)
    {
        using var timeout = new CancellationTokenSource(Timeouts.Default);
        using var process = Libc.OpenProcess(pid);
        if (process is not null)
        {
            Libc.Signal(process, signal);
            await ProcessWatch.ReadableAsync(process, timeout.Token);
        }
    }

    /// <summary>Completes when whoever is its parent has taken note of its end; from then on nothing tells how it ended.</summary>
    public static async Task ReapedAsync(int pid)
    {
        using var timeout = new CancellationTokenSource(Timeouts.Default);
        using var process = Libc.OpenProcess(pid);
        if (process is not null)
        {
            await ProcessWatch.ReapedAsync(process, timeout.Token);
        }
    }

    private static bool BelongsTo(int pid, ServerHome home) =>
        ProcessTable.Carries(pid, Mark, home.Directory) || IsSupervisor(pid, home);

    private static bool IsSupervisor(int pid, ServerHome home) => Read($"/proc/{pid}/cmdline").Split('\0') is [_, "--supervise", var state, ..]
        && state == home.State;

    private static string Read(string file)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes(file));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
