using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Journal;

/// <summary>
/// The directory that holds everything the server must not lose: journal, output, the supervisor's socket. It belongs to
/// one server at a time: two would overwrite each other's output files.
/// </summary>
internal sealed class StateDirectory : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>EWOULDBLOCK, the one errno of a lock that another process has: a filesystem that is read-only fails too.</summary>
    private const int HeldByAnother = 11;

    /// <summary>Its name in the directory.</summary>
    public const string LockFile = "lock";

    private readonly FileStream _lock;

    private StateDirectory(string path, FileStream taken) => (Path, _lock) = (path, taken);

    public string Path { get; }

    public string JournalFile => System.IO.Path.Combine(Path, "journal.db");

    public string Executions => System.IO.Path.Combine(Path, "executions");

    /// <summary>Makes the directory where it is missing and takes it; the lock goes with the process.</summary>
    /// <exception cref="JournalException">Another server has it, it cannot be used, or its journal is gone.</exception>
    public static StateDirectory Take(string path)
    {
        try
        {
            Make(path);
            Make(System.IO.Path.Combine(path, "executions"));
            var file = System.IO.Path.Combine(path, LockFile);
            var taken = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            var state = new StateDirectory(path, taken);
            if (state.LostJournal() is not { } lost)
            {
                return state;
            }

            state.Dispose();
            throw new JournalException(lost);
        }
        catch (IOException fault) when (fault.HResult == HeldByAnother)
        {
            throw new JournalException($"the state directory {path} is in use by another server; stop that, or set host.state_dir");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new JournalException($"the state directory {path} cannot be used ({fault.Message}); set host.state_dir");
        }
    }

    public void Dispose() => _lock.Dispose();

    /// <summary>
    /// Why a start would lose what there is: logs without the journal that says what they are of, whose ids a new one would
    /// give out again. Null: it would not.
    /// </summary>
    private string? LostJournal() => File.Exists(JournalFile) || !Directory.EnumerateFileSystemEntries(Executions).Any()
        ? null
        : $"{JournalFile}: missing, but {Executions} holds logs of executions; restore the journal from a backup, "
            + $"or move {Executions} away to start without history";

    /// <summary>With its name on the disk: what is synced in it would be lost without.</summary>
    private static void Make(string path)
    {
        if (Directory.Exists(path))
        {
            return;
        }

        var parent = System.IO.Path.GetDirectoryName(path)!;
        Make(parent);
        Directory.CreateDirectory(path, OwnerOnly);
        Libc.Sync(parent);
    }
}
