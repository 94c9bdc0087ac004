using Microsoft.Data.Sqlite;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>How far the removal of logs has come, which no event tells.</summary>
internal static class RemovedLogs
{
    /// <summary>Completes when the directory of an execution's log is gone, by whatever name.</summary>
    public static async Task GoneAsync(ServerHome home, uint id)
    {
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var watcher = new FileSystemWatcher(Path.GetDirectoryName(home.Log(id))!);
        watcher.Deleted += (_, _) => Look();
        watcher.Renamed += (_, _) => Look();
        watcher.EnableRaisingEvents = true;
        Look();
        await gone.Task.DefaultTimeout();

        void Look()
        {
            if (!Directory.Exists(home.Log(id)) && !Directory.Exists(home.Log(id) + ".removed")) gone.TrySetResult();
        }
    }

    /// <summary>Completes when all is done that the removal of a log takes.</summary>
    public static Task FinishedAsync(ServerHome home, uint id) => RemovalAsync(home, id, stage: 2);

    /// <summary>Completes when the journal says of a log's removal that it has come so far.</summary>
    public static Task RemovalAsync(ServerHome home, uint id, int stage) =>
        UntilAsync(home, $"SELECT count(*) FROM removed_logs WHERE execution = {id} AND stage >= {stage}", 1);

    /// <summary>Completes when a question to the journal, which a server writes, is answered by this number.</summary>
    public static async Task UntilAsync(ServerHome home, string sql, long number)
    {
        using var watcher = new FileSystemWatcher(home.State, "journal.db-wal");
        using var written = new SemaphoreSlim(0);
        watcher.Changed += (_, _) => written.Release();
        watcher.EnableRaisingEvents = true;
        while (Ask(home, sql) != number)
        {
            await written.WaitAsync().DefaultTimeout();
        }
    }

    /// <summary>What the journal holds, while a server has it open or not; a number.</summary>
    public static long Ask(ServerHome home, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(home.State, "journal.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }
}
