using System.Diagnostics;
using Hephaestus.Tests.EndToEnd;
using Hephaestus.Tests.Limits;

namespace Hephaestus.Tests.Containers;

/// <summary>What makes a container of a process: namespaces of its own, in which it is the first process.</summary>
internal static class Container
{
    private static readonly Lazy<bool> s_canBeMade = new(() => Succeeds("/bin/bash", "-c", $"{Make} true"));

    /// <summary>Why its tests are left out; null: they are not.</summary>
    public static string? Missing => s_canBeMade.Value ? null : "namespaces of processes cannot be made here (unshare)";

    /// <summary>The command that makes the rest of the line the first process of a new one. It gives that one's exit code.</summary>
    public static string Make => $"unshare {(Environment.IsPrivilegedProcess ? "" : "--user --map-root-user ")}--mount --pid --fork --mount-proc --kill-child";

    /// <summary>The script that runs "$@" in a new one, as its first process.</summary>
    /// <param name="before">What that process does before.</param>
    public static string Running(string before = ":") => $"exec {Make} /bin/bash -c '{before}; exec \"$@\"' bash \"$@\"";

    /// <summary>Runs a script in there beside the server, as somebody does who looks at it.</summary>
    public static void Beside(ServerProcess server, string script)
    {
        string[] user = Environment.IsPrivilegedProcess ? [] : ["--user", "--preserve-credentials"];
        Assert.True(Succeeds("nsenter", ["--target", $"{server.Pid}", "--mount", "--pid", .. user, "/bin/bash", "-c", script]));
    }

    public static bool Succeeds(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}

/// <summary>A test that makes a container.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ContainerFactAttribute : FactAttribute
{
    public ContainerFactAttribute() => Skip = Container.Missing;
}

/// <summary>A test that makes a container for a user without rights, who may run the built programs.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OtherUsersContainerFactAttribute : FactAttribute
{
    public OtherUsersContainerFactAttribute() => Skip = !Environment.IsPrivilegedProcess ? "only root can run a server as another user"
        : Container.Missing ?? (Container.Succeeds("/bin/bash", "-c", $"{OtherUserFactAttribute.As} test -x {Programs.Server}")
            ? null
            : $"a user without rights may not run {Programs.Server}");
}
