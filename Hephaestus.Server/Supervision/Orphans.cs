namespace Hephaestus.Server.Supervision;

/// <summary>
/// The first process of a container (pid_namespaces(7)) becomes the parent of all in there whose own parent has ended and
/// that are not below a supervisor: of what is started beside the server, and of the steps of a supervisor that was killed.
/// Nobody else reaps them, and .NET does not either in a process that never starts one by its own means.
/// </summary>
internal static class Orphans
{
    private const int First = 1;

    /// <summary>Nobody tells a process that has no children when it gets one.</summary>
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);

    /// <summary>Whether this process is the first one: whatever runs in the container ends with it.</summary>
    public static bool AreOurs { get; } = Environment.ProcessId == First;

    /// <summary>Where this process is the first one, reaps from now on, by a thread of its own, whatever child has ended.</summary>
    /// <param name="ended">Told of each, while its id still stands for it.</param>
    public static void Reap(Action<ChildExit> ended)
    {
        if (AreOurs)
        {
            new Thread(() => ReapAll(ended)) { IsBackground = true, Name = "orphans" }.Start();
        }
    }

    private static void ReapAll(Action<ChildExit> ended)
    {
        while (true)
        {
            while (Libc.NextExit() is { } exit)
            {
                ended(exit);
                Libc.Reap(exit.Pid);
            }

            Thread.Sleep(s_look);
        }
    }
}
