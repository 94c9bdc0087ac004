using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Journal;
using Hephaestus.Server.Plans;
using Microsoft.Data.Sqlite;

namespace Hephaestus.Tests.Journal;

/// <summary>A temporary directory with a journal, and what it takes to write to it.</summary>
internal sealed class JournalDirectory : IDisposable
{
    /// <summary>Only a failure takes this long.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public string Root { get; } = Directory.CreateTempSubdirectory("hephaestus-journal-").FullName;

    public string File => Path.Combine(Root, "journal.db");

    public ExecutionJournal Open(TimeProvider? time = null, HistorySync policy = HistorySync.Normal) =>
        ExecutionJournal.Open(File, time ?? TimeProvider.System, policy);

    public static NewExecution Execution(string set = "set", string plan = "plan", string text = "<plan id=\"x\"></plan>") => new(
        new ExecutionFact.Accepted(set, plan, "tag", [new StepOutline(1, StepKind.Step, "one", "", 0)], []),
        [],
        $"/plans/{set}/{plan}.conf",
        Encoding.UTF8.GetBytes(text),
        "instance",
        "boot");

    public static ImmutableArray<ExecutionFact> Remarks(params string[] texts) =>
        [.. texts.Select(text => new ExecutionFact.Remark(text, false))];

    /// <summary>What another program finds in the file; a number.</summary>
    public long Ask(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar() as long? ?? 0;
    }

    /// <summary>
    /// The files as a kill at this moment would leave them, in another directory. By another process: whoever closes a
    /// descriptor of SQLite's file drops the locks that this process has on it.
    /// </summary>
    public async Task<JournalDirectory> CopyAsync()
    {
        var copy = new JournalDirectory();
        await RunAsync("cp", File, File + "-wal", copy.Root);
        return copy;
    }

    public static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync().WaitAsync(Limit);
        Assert.Equal(0, process.ExitCode);
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
