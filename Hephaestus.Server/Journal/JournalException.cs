using Microsoft.Data.Sqlite;

namespace Hephaestus.Server.Journal;

/// <summary>
/// The journal cannot be opened, read or written. The message is one line for the operator: what is wrong with which
/// file and what to do; SQLite's own words stay in the inner exception.
/// </summary>
internal sealed class JournalException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>There is no space for it at present.</summary>
    public bool IsFull => InnerException is SqliteException error && SaysFull(error);

    /// <summary>What an error means for the file at <paramref name="path"/>.</summary>
    public static JournalException From(Exception error, string path) =>
        new(error is SqliteException known ? Describe(known, path) : $"{path}: unexpected {error.GetType().Name}", error);

    /// <summary>A row holds what no row can.</summary>
    public static JournalException Damaged(string path, Exception damage) =>
        new($"{path}: damaged, a row of it makes no sense; restore it from a backup, or see what hephaestus --check says", damage);

    /// <summary>The file has a schema that this program does not know.</summary>
    public static JournalException Newer(string path, long version) => new(
        $"{path}: written by a newer Hephaestus (version {version}, this one knows {Schema.Version}); install the newer one");

    /// <summary>
    /// Whether the same commit may succeed later without anybody changing the program: all that the disk, the file
    /// system or another process can cause.
    /// </summary>
    public static bool MayPass(SqliteException error) => error.SqliteErrorCode is
        SQLitePCL.raw.SQLITE_FULL or SQLitePCL.raw.SQLITE_IOERR or SQLitePCL.raw.SQLITE_BUSY
        or SQLitePCL.raw.SQLITE_LOCKED or SQLitePCL.raw.SQLITE_READONLY or SQLitePCL.raw.SQLITE_CANTOPEN
        or SQLitePCL.raw.SQLITE_NOMEM or SQLitePCL.raw.SQLITE_PERM or SQLitePCL.raw.SQLITE_PROTOCOL;

    /// <summary>What the second is: no space for the file -shm, which an orderly end has removed.</summary>
    private static bool SaysFull(SqliteException error) =>
        error.SqliteErrorCode == SQLitePCL.raw.SQLITE_FULL || error.SqliteExtendedErrorCode == SQLitePCL.raw.SQLITE_IOERR_SHMSIZE;

    private static string Describe(SqliteException error, string path) => error.SqliteErrorCode switch
    {
        _ when SaysFull(error) => $"{path}: its disk is full; free some space",
        SQLitePCL.raw.SQLITE_IOERR => $"{path}: its disk fails (SQLite error {error.SqliteExtendedErrorCode}); check the disk",
        SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED => $"{path}: locked by another process; end that process",
        SQLitePCL.raw.SQLITE_READONLY => $"{path}: read-only; make the file and its file system writable",
        SQLitePCL.raw.SQLITE_CANTOPEN or SQLitePCL.raw.SQLITE_PERM =>
            $"{path}: cannot be opened; its directory must exist and be writable for this user",
        SQLitePCL.raw.SQLITE_NOTADB => $"{path}: not an SQLite database; restore the journal from a backup, or {MoveAway}",
        SQLitePCL.raw.SQLITE_CORRUPT => $"{path}: damaged; restore it from a backup, or save what can be read ({Save}), or {MoveAway}",
        _ => $"{path}: unexpected SQLite error {error.SqliteExtendedErrorCode}; it may be damaged: hephaestus --check examines it",
    };

    /// <summary>How to take what can still be read out of a damaged file.</summary>
    private const string Save = "sqlite3's .recover or .dump; docs/operations.md, A damaged journal, has the commands";

    /// <summary>What an operator who can do without the old data may do.</summary>
    public const string MoveAway = "move it and the files beside it (-wal, -shm) away to start without history";
}
