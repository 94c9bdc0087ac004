namespace Hephaestus.Server.Supervision;

/// <summary>
/// Named points at which the process kills itself with SIGKILL when the environment variable
/// <c>HEPHAESTUS_CRASH_AT</c> names one (<c>name</c>, or <c>name:3</c> for the third time it is reached). Random
/// killing alone never hits windows of microseconds. With <c>HEPHAESTUS_CRASH_MARK</c> only one process dies, and
/// leaves a file of that name with its process id: a supervisor that takes the place of the killed one lives.
/// </summary>
internal static class CrashPoint
{
    private static readonly string? s_mark = Environment.GetEnvironmentVariable("HEPHAESTUS_CRASH_MARK");
    private static readonly (string Name, int Count)? s_armed = Read(Environment.GetEnvironmentVariable("HEPHAESTUS_CRASH_AT"));
    private static int s_reached;

    /// <summary>Does nothing, but in the tests' hands.</summary>
    public static void Reach(string name)
    {
        if (s_armed is { } armed && armed.Name == name && Interlocked.Increment(ref s_reached) == armed.Count)
        {
            Die();
        }
    }

    private static (string, int)? Read(string? value) => value?.Split(':') switch
    {
        null or [""] => null,
        _ when File.Exists(s_mark) => null,
        [var name, var count] when int.TryParse(count, out var times) => (name, times),
        [var name, ..] => (name, 1),
        _ => null,
    };

    private static void Die()
    {
        if (s_mark is { Length: > 0 })
        {
            File.WriteAllText(s_mark + ".new", $"{Environment.ProcessId}");
            File.Move(s_mark + ".new", s_mark);
        }

        _ = Libc.kill(Environment.ProcessId, Libc.SIGKILL);
        Thread.Sleep(Timeout.Infinite);
    }
}
