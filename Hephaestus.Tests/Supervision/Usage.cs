using Hephaestus.Server.Supervision;

namespace Hephaestus.Tests.Supervision;

/// <summary>Descriptors and threads of a server and its supervisor at one moment.</summary>
internal sealed class Usage(int server, int supervisor)
{
    /// <summary>Connections that a client of the test may have more than before.</summary>
    public const int ClientConnections = 12;

    public int ServerDescriptors { get; } = Count(server, "fd");

    public int ServerThreads { get; } = Count(server, "task");

    public int SupervisorDescriptors { get; } = Count(supervisor, "fd");

    public int SupervisorThreads { get; } = Count(supervisor, "task");

    /// <summary>Zombies too.</summary>
    public static int[] ChildrenOf(int pid) =>
    [
        .. from task in Directory.EnumerateDirectories($"/proc/{pid}/task")
           from child in File.ReadAllText(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries)
           select int.Parse(child),
    ];

    private static int Count(int pid, string directory) => Directory.EnumerateFileSystemEntries($"/proc/{pid}/{directory}").Count();
}
