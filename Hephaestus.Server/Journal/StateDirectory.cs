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

    private readonly FileStream _lock;

    private StateDirectory(string path, FileStream taken) => (Path, _lock) = (path, taken);

    public string Path { get; }

    public string JournalFile => System.IO.Path.Combine(Path, "journal.db");

    public string Executions => System.IO.Path.Combine(Path, "executions");

    /// <summary>Makes the directory where it is missing and takes it; the lock goes with the process.</summary>
    /// <exception cref="JournalException">Another server has it, or it cannot be used.</exception>
    public static StateDirectory Take(string path)
    {
        try
        {
            Directory.CreateDirectory(path, OwnerOnly);
            Directory.CreateDirectory(System.IO.Path.Combine(path, "executions"), OwnerOnly);
            var file = System.IO.Path.Combine(path, "lock");
            return new StateDirectory(path, new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
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
}
