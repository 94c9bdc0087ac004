using Hephaestus.Server.Executions;
using Hephaestus.Server.Journal;
using Hephaestus.Server.Supervision;
using Microsoft.Data.Sqlite;

namespace Hephaestus.Server.Checks;

/// <summary>Examines a journal, without opening it for writing.</summary>
/// <param name="inUse">A server has it open.</param>
internal sealed class JournalCheck(string path, string executions, bool inUse)
{
    private const int MostFaults = 5;
    private const int NewestEvents = 10_000;
    private const int NewestRecords = 1000;

    /// <summary>What it knows of executions; null: it cannot be read.</summary>
    public IReadOnlyDictionary<uint, KnownExecution>? Known { get; private set; }

    public IEnumerable<Finding> Run()
    {
        if (!File.Exists(path))
        {
            var lost = File.Exists(path + "-wal") ? $"{path}-wal is there"
                : Directory.Exists(executions) && Directory.EnumerateFileSystemEntries(executions).Any() ? $"{executions} holds logs"
                : null;
            return [lost is null
                ? Finding.Fact($"{path}: the first start makes it")
                : Finding.Error($"{path}: missing, but {lost}; restore it from a backup, or move what is left away to start without history")];
        }

        try
        {
            using var connection = Open();
            return [.. Examine(connection)];
        }
        catch (SqliteException fault) when (fault.SqliteErrorCode is SQLitePCL.raw.SQLITE_BUSY && LockHolder.Of(path) is [var holder, ..])
        {
            return [Finding.Error($"{path}: locked by {LockHolder.Describe(holder)}; end that")];
        }
        catch (SqliteException fault)
        {
            return [Finding.Error(JournalException.From(fault, path).Message)];
        }
    }

    /// <summary>
    /// A file that nobody has open, and that has no WAL, is opened as one that never changes: anything else would leave files
    /// beside it.
    /// </summary>
    private JournalConnection Open()
    {
        var alone = !inUse && new FileInfo(path + "-wal") is not { Exists: true, Length: > 0 };
        return new JournalConnection(alone ? $"file:{Uri.EscapeDataString(path)}?immutable=1" : path, SqliteOpenMode.ReadOnly);
    }

    private IEnumerable<Finding> Examine(JournalConnection connection)
    {
        if ((long)connection.Script("PRAGMA application_id")! != Schema.ApplicationId)
        {
            return [Finding.Error($"{path}: not a journal of Hephaestus; restore it from a backup, or {JournalException.MoveAway}")];
        }

        var version = (long)connection.Script("PRAGMA user_version")!;
        if (version > Schema.Version)
        {
            return [Finding.Error(JournalException.Newer(path, version).Message)];
        }

        var faults = connection.Rows("PRAGMA quick_check(5)", row => row.GetString(0)).Where(row => row != "ok").Take(MostFaults).ToArray();
        if (faults.Length > 0)
        {
            var repair = $"{JournalException.From(new SqliteException("", SQLitePCL.raw.SQLITE_CORRUPT), path).Message}";
            return [Finding.Error(repair), .. faults.Select(fault => Finding.Error($"{path}: {fault.ReplaceLineEndings(" ")}"))];
        }

        var tables = Tables(connection);
        using var sound = new JournalConnection(":memory:", SqliteOpenMode.Memory);
        foreach (var script in Schema.Scripts[..(int)version])
        {
            sound.Script(script);
        }

        return Tables(sound).SequenceEqual(tables)
            ? [.. Contents(connection, version)]
            : [Finding.Error(JournalException.From(new SqliteException("", SQLitePCL.raw.SQLITE_CORRUPT), path).Message)];
    }

    private static List<string> Tables(JournalConnection connection) => connection.Rows(
        "SELECT name || coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name", row => row.GetString(0));

    /// <summary>What a start reads: the events of what has not ended, and the newest of all.</summary>
    private static string? Unreadable(JournalConnection connection)
    {
        try
        {
            var view = new JournalView(connection);
            foreach (var row in view.Unfinished())
            {
                ExecutionFold.Of(view.EventsOf(row.Id));
            }

            var from = Math.Max(view.Head - NewestEvents, view.OldestSequence - 1);
            view.EventsAfter(Math.Max(0, from), NewestEvents, EventFilter.All);
            view.Audit.Page(new AuditQuery(NewestRecords));
            return null;
        }
        catch (Exception fault) when (fault is JournalException or ArgumentException)
        {
            return fault.Message;
        }
    }

    private static string Audited(JournalConnection connection, long version) =>
        version == Schema.Version && connection.Number("SELECT count(*) FROM audit") is { } count
            ? $", {Startup.Counted((int)count, "record")} of the audit"
            : "";

    private IEnumerable<Finding> Contents(JournalConnection connection, long version)
    {
        if (Libc.CanWrite(path) is not 0)
        {
            yield return Finding.Error($"{path}: cannot be written by this user; make it so, or run the server as the user that it belongs to");
        }

        // An older one has not the columns by which this program reads; the next start adds them.
        if (version == Schema.Version && Unreadable(connection) is { } unreadable)
        {
            yield return Finding.Error($"{path}: {unreadable}");
        }

        Known = connection.Rows(
            "SELECT id, state, ended IS NOT NULL FROM executions",
            row => new KnownExecution((uint)row.GetInt64(0), (State)row.GetInt64(1), row.GetInt64(2) != 0)).ToDictionary(known => known.Id);
        var open = Known.Values.Count(known => !known.Ended);
        yield return Finding.Fact(
            $"{path}: {Startup.Counted(Known.Count, "execution")}, {open} of them not ended{Audited(connection, version)}, schema version {version}"
            + (version < Schema.Version ? $", which the next start brings to {Schema.Version}" : ""));
    }
}

/// <summary>An execution that the journal has.</summary>
internal sealed record KnownExecution(uint Id, State State, bool Ended);
