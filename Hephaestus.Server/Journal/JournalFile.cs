using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;

namespace Hephaestus.Server.Journal;

/// <summary>
/// Opens the journal's file, or makes it. A new one is completed under another name and then renamed, so that a file of
/// that name is always a whole journal; one that is not is refused, never started over.
/// </summary>
internal static class JournalFile
{
    /// <summary>
    /// What the WAL's file may keep. SQLite writes it back into the journal each 4 MB and starts it over, but not while
    /// one reader or another is always in it; from this size on the writer waits for the readers instead.
    /// </summary>
    public const long WalBytes = 8 * 1024 * 1024;

    /// <summary>How long the writer waits for readers then.</summary>
    private const int CheckpointMilliseconds = 1000;

    /// <summary>The writer's connection, and whether the journal is a new one.</summary>
    /// <exception cref="JournalException">It is none, damaged, newer than this program, locked, or not to be written.</exception>
    public static (JournalConnection Writer, bool Created) Open(string path)
    {
        try
        {
            var created = !File.Exists(path);
            if (created) Create(path);
            return (OpenChecked(path), created);
        }
        catch (SqliteException error)
        {
            throw JournalException.From(error, path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new JournalException($"{path}: cannot be created; its directory must exist and be writable for this user", error);
        }
    }

    [SuppressMessage("Interoperability", "CA1416:Validate platform compatibility", Justification = "Hephaestus runs on Linux.")]
    private static void Create(string path)
    {
        RefuseOrphanedWal(path);
        var unfinished = path + ".new";
        foreach (var left in (string[])[unfinished, unfinished + "-wal", unfinished + "-shm", unfinished + "-journal"])
        {
            File.Delete(left);
        }

        // Only this file, which no connection has open yet: closing a descriptor drops SQLite's locks on its file.
        // The WAL takes its mode over.
        var mine = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mine };
        new FileStream(unfinished, options).Dispose();
        using (var connection = new JournalConnection(unfinished, SqliteOpenMode.ReadWrite))
        {
            connection.Script("PRAGMA synchronous = FULL");
            connection.Script("PRAGMA journal_mode = WAL");
            Upgrade(connection, 0);
        }

        // The directory is synced by SQLite with the first sync of the new WAL, which comes before the first answer.
        File.Move(unfinished, path);
    }

    /// <summary>SQLite would replay the WAL of a lost file into the new one.</summary>
    private static void RefuseOrphanedWal(string path)
    {
        var wal = new FileInfo(path + "-wal");
        if (wal is { Exists: true, Length: > 0 })
        {
            throw new JournalException(
                $"{path}: missing, but {wal.Name} is there; restore both from a backup, or move {wal.Name} away to start without history");
        }
    }

    private static JournalConnection OpenChecked(string path)
    {
        var connection = new JournalConnection(path, SqliteOpenMode.ReadWrite);
        try
        {
            Check(connection, path);
            connection.Script("PRAGMA journal_mode = WAL");
            connection.Script($"PRAGMA busy_timeout = {CheckpointMilliseconds}");
            connection.Script($"PRAGMA journal_size_limit = {WalBytes}");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static void Check(JournalConnection connection, string path)
    {
        var application = (long)connection.Script("PRAGMA application_id")!;
        var version = (long)connection.Script("PRAGMA user_version")!;
        if (application != Schema.ApplicationId)
        {
            throw new JournalException($"{path}: not a journal of Hephaestus; restore it from a backup, or {JournalException.MoveAway}");
        }

        if (version > Schema.Version)
        {
            throw JournalException.Newer(path, version);
        }

        if (version < Schema.Version) Upgrade(connection, (int)version);
    }

    private static void Upgrade(JournalConnection connection, int version)
    {
        connection.Script("BEGIN IMMEDIATE");
        foreach (var script in Schema.Scripts[version..]) connection.Script(script);
        connection.Script($"PRAGMA application_id = {Schema.ApplicationId}");
        connection.Script($"PRAGMA user_version = {Schema.Version}");
        connection.Script("COMMIT");
    }
}
