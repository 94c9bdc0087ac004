using System.Globalization;
using Hephaestus.Server.Journal;
using Hephaestus.Server.Logs;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Checks;

/// <summary>
/// Examines a state directory without changing anything in it, also while a server runs on it: what would keep a start from
/// succeeding, and what an operator should know.
/// </summary>
internal sealed class StateCheck(string directory)
{
    private const long LittleSpace = 64L * 1024 * 1024;
    private const long FewFiles = 1000;

    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private string Executions => Path.Combine(directory, "executions");

    /// <summary>All that is to be said.</summary>
    public IEnumerable<Finding> Run()
    {
        if (!Directory.Exists(directory))
        {
            return [Missing()];
        }

        var server = LockHolder.Of(Path.Combine(directory, StateDirectory.LockFile));
        return [.. Guarded(Rights), .. Guarded(() => Space(server.Count > 0)), .. Guarded(() => [InUse(server)]), .. Contents(server.Count > 0)];
    }

    private IEnumerable<Finding> Contents(bool inUse)
    {
        var journal = new JournalCheck(Path.Combine(directory, "journal.db"), Executions, inUse);
        foreach (var finding in Guarded(journal.Run))
        {
            yield return finding;
        }

        if (journal.Known is { } known)
        {
            var logs = new LogCheck(Executions, HeldFiles.In(directory), known, inUse);
            foreach (var finding in Guarded(logs.Run))
            {
                yield return finding;
            }
        }
    }

    /// <summary>What cannot be looked at is a finding, too.</summary>
    private static IReadOnlyList<Finding> Guarded(Func<IEnumerable<Finding>> check)
    {
        try
        {
            return [.. check()];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JournalException)
        {
            return [Finding.Error(fault.Message)];
        }
    }

    private Finding Missing()
    {
        var parent = directory;
        while (!Directory.Exists(parent))
        {
            if (File.Exists(parent))
            {
                return Finding.Error($"{directory}: cannot be made, {parent} is a file");
            }

            parent = Path.GetDirectoryName(parent)!;
        }

        return Libc.CanWriteIn(parent) is var fault and not 0
            ? Finding.Error($"{directory}: cannot be made in {parent} ({Words(fault)}); set host.state_dir")
            : Finding.Fact($"state directory {directory}: the first start makes it");
    }

    private IEnumerable<Finding> Rights()
    {
        var (owner, mode) = Libc.Owner(directory);
        if (owner != Libc.User() && Libc.User() != 0)
        {
            yield return Finding.Error(
                $"{directory}: belongs to the user {owner}, this is {Libc.User()}; run the server as that user, or set host.state_dir");
        }

        if ((mode & Others) != 0)
        {
            yield return Finding.Warning(
                $"{directory}: others can get in (mode {Octal(mode)}), and output may hold secrets; chmod 700 {directory}");
        }

        foreach (var place in new[] { directory, Executions, HeldFiles.In(directory) }.Where(Directory.Exists))
        {
            if (Libc.CanWriteIn(place) is var fault and not 0)
            {
                yield return Finding.Error($"{place}: cannot be written ({Words(fault)}); make it and its file system writable for this user");
            }
        }
    }

    private IEnumerable<Finding> Space(bool inUse)
    {
        var place = Directory.Exists(Executions) ? Executions : directory;
        var space = Libc.FileSystemOf(place);
        if (space.FreeBytes < LittleSpace)
        {
            var text = $"{place}: {Size(space.FreeBytes)} are free; make space, or steps wait";
            yield return space.FreeBytes == 0 ? Finding.Error(text) : Finding.Warning(text);
        }

        if (space.Files > 0 && space.FreeFiles < FewFiles)
        {
            var text = $"{place}: {space.FreeFiles} more files can be made (inodes); remove files, or steps wait";
            yield return space.FreeFiles == 0 ? Finding.Error(text) : Finding.Warning(text);
        }

        if (FileSystemKinds.Trouble(space.Kind) is { } trouble)
        {
            yield return Finding.Warning($"{place}: lies {trouble}");
        }

        if (!inUse && SpliceCheck.WorksUnnamed(place) == false)
        {
            yield return Finding.Warning($"{place}: its file system does not know splice(2): killing the server may lose output");
        }
    }

    private Finding InUse(IReadOnlyList<int> server)
    {
        var supervisor = LockHolder.Of(SupervisorSocket.LockIn(directory));
        var users = new[] { ("server", server), ("supervisor", supervisor) }
            .Where(user => user.Item2.Count > 0).Select(user => $"{user.Item1} {LockHolder.Describe(user.Item2[0])}");
        return Finding.Fact($"state directory {directory}: {(string.Join(", ", users) is { Length: > 0 } text ? text : "no server runs on it")}");
    }

    private static string Words(int fault) => System.Runtime.InteropServices.Marshal.GetPInvokeErrorMessage(fault);

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');

    private static string Size(long bytes) => bytes < 1024 * 1024
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024} KiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024 / 1024} MiB");
}
