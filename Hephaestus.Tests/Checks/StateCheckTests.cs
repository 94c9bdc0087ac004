using Hephaestus.Server.Checks;
using Hephaestus.Server.Journal;
using Hephaestus.Server.Logs;
using Hephaestus.Server.Supervision;
using Hephaestus.Tests.EndToEnd;
using Hephaestus.Tests.Journal;
using Hephaestus.Tests.Supervision;

namespace Hephaestus.Tests.Checks;

/// <summary>What <c>--check</c> finds in a state directory, which it leaves as it is.</summary>
public sealed class StateCheckTests
{
    [Fact]
    public async Task A_state_directory_in_use_is_examined_beside_its_server()
    {
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        home.Step("p", $"echo printed; {gate.Wait}");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var id = await client.ExecuteAsync("set", "p");
        await gate.ArrivedAsync();
        await client.WhenLogAsync(id, log => log.Out(1) == "printed\n");

        var (findings, before, after) = Check(home);

        // The server writes on meanwhile.
        Assert.Equal(before.Select(file => file.Split(' ')[0]), after.Select(file => file.Split(' ')[0]));
        Assert.Equal(
            [
                $"state directory {home.State}: server process {server.Pid} (hephaestus), supervisor process {Remnants.SupervisorOf(home)} (hephaestus)",
                $"{home.State}/journal.db: 1 execution, 1 of them not ended, 1 record of the audit, schema version {Schema.Version}",
                $"{home.State}/executions: 1 log",
            ],
            findings);
        gate.Open();
        Assert.Equal(State.Ok, (await client.EndedAsync(id)).State);
    }

    [Fact]
    public async Task What_a_killed_server_left_is_examined_without_a_change()
    {
        await using var home = new ServerHome();
        using var gate = new Gate(home);
        home.Step("p", gate.Wait);
        await using (var server = await home.StartAsync())
        {
            using var client = new ServerClient(server);
            await client.ExecuteAsync("set", "p");
            await gate.ArrivedAsync();
            await server.KillAsync();
        }

        var (findings, before, after) = Check(home);

        Assert.Equal(before, after);
        Assert.Contains($"{home.Running}: 1 attempt will be taken up by the next start", findings);
        Assert.Contains($"{home.State}/journal.db: 1 execution, 1 of them not ended, 1 record of the audit, schema version {Schema.Version}", findings);
    }

    [Fact]
    public async Task A_stopped_servers_directory_is_examined_and_no_file_is_made_in_it()
    {
        await using var home = new ServerHome();
        await (await home.StartAsync()).StopAsync();
        await Remnants.GoneAsync(home);

        var (findings, before, after) = Check(home);

        Assert.Equal(before, after);
        Assert.DoesNotContain(before, file => file.Contains("-wal", StringComparison.Ordinal));
        Assert.Contains($"state directory {home.State}: no server runs on it", findings);
    }

    [Fact]
    public async Task What_does_not_fit_together_is_told()
    {
        await using var home = new ServerHome("log.late_output = 0s");
        home.Step("p", "for n in 1 2 3; do echo $n; done");
        await using (var server = await home.StartAsync())
        {
            using var client = new ServerClient(server);
            for (var times = 0; times < 4; times++)
            {
                Assert.Equal(State.Ok, (await client.RunAsync("set", "p")).State);
            }

            await home.SettledAsync();
            Assert.Equal(0, await server.StopAsync());
        }

        await Remnants.GoneAsync(home);
        Directory.Delete(home.Log(1), recursive: true);
        Directory.Move(home.Log(2), home.Log(77));
        Overwrite(Path.Combine(home.Log(3), "index"), IndexRecord.Size + 3, [0xff, 0xff]);
        Overwrite(Path.Combine(home.Log(4), "index"), new FileInfo(Path.Combine(home.Log(4), "index")).Length, [1]);
        File.WriteAllText(Path.Combine(home.Running, "99-1-1.status"), "");
        File.SetUnixFileMode(home.State, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute);

        var (findings, before, after) = Check(home);

        Assert.Equal(before, after);
        Assert.Equal(
            [
                $"warning: {home.State}: others can get in (mode 0701), and output may hold secrets; chmod 700 {home.State}",
                $"state directory {home.State}: no server runs on it",
                $"{home.State}/journal.db: 4 executions, 0 of them not ended, 4 records of the audit, schema version {Schema.Version}",
                $"warning: {home.Log(77)}: the journal knows no such execution; it is of another journal, or can be removed",
                $"error: {home.Log(3)}/index: record 2 of {Records(home, 3)} is damaged: lines from there on cannot be shown; "
                    + "the output files beside it are as they are",
                $"warning: {home.Log(4)}/index: {Records(home, 4)} records are followed by a part of one, which nobody reads",
                $"{home.State}/executions: 2 logs; those of 2 ended executions were removed",
                $"warning: {home.Running}: 99-1-1 is of an execution that the journal does not know; the next start clears it away",
            ],
            findings);
    }

    [Theory]
    [InlineData("", "not a journal of Hephaestus; restore it from a backup, or move it and the files beside it (-wal, -shm) away to start without history")]
    [InlineData("no database at all, but a text that is longer than the header of one: a hundred bytes of nothing, and more.",
        "not an SQLite database; restore the journal from a backup, or move it and the files beside it (-wal, -shm) away to start without history")]
    public async Task A_journal_that_is_none_is_an_error(string content, string expected)
    {
        await using var home = await StoppedAsync();
        File.WriteAllText(JournalOf(home), content);

        Assert.Contains($"error: {JournalOf(home)}: {expected}", Check(home).Findings);
    }

    [Fact]
    public async Task A_damaged_journal_is_an_error_and_says_what_can_be_done()
    {
        await using var home = await StoppedAsync();
        Overwrite(JournalOf(home), 4096, [.. Enumerable.Repeat((byte)0xa5, 8192)]);

        var errors = Check(home).Findings.Where(finding => finding.StartsWith("error: ", StringComparison.Ordinal)).ToArray();

        Assert.Equal(
            $"error: {JournalOf(home)}: damaged; restore it from a backup, or save what can be read (sqlite3's .recover or .dump; "
                + "docs/operations.md, A damaged journal, has the commands), or "
                + "move it and the files beside it (-wal, -shm) away to start without history",
            errors[0]);
    }

    [Fact]
    public async Task A_journal_of_an_older_version_is_sound_and_will_be_brought_up_to_date()
    {
        await using var home = await StoppedAsync();
        File.Delete(JournalOf(home));
        History.GeneratedHistory.Write(JournalOf(home), 3);

        var findings = Check(home).Findings;

        Assert.DoesNotContain(findings, finding => finding.StartsWith("error: ", StringComparison.Ordinal));
        Assert.Contains(
            $"{JournalOf(home)}: 3 executions, 0 of them not ended, schema version 3, which the next start brings to {Schema.Version}", findings);
    }

    [Fact]
    public async Task A_log_that_retention_was_removing_is_nothing_strange()
    {
        await using var home = await StoppedAsync();
        Directory.CreateDirectory(home.Log(1) + ".removed");

        Assert.DoesNotContain(Check(home).Findings, finding => finding.Contains("no such execution", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_journal_of_a_newer_version_is_an_error()
    {
        await using var home = await StoppedAsync();
        Overwrite(JournalOf(home), 60, [0, 0, 0, 99]);

        Assert.Contains(
            $"error: {JournalOf(home)}: written by a newer Hephaestus (version 99, this one knows {Schema.Version}); install the newer one",
            Check(home).Findings);
    }

    [Fact]
    public async Task A_journal_whose_tables_are_not_those_that_its_version_has_is_an_error()
    {
        await using var home = await StoppedAsync();
        Sql(home, "DROP INDEX events_by_execution");

        Assert.Contains(Check(home).Findings, finding => finding.StartsWith($"error: {JournalOf(home)}: damaged", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_missing_journal_beside_logs_is_an_error_and_stops_a_start()
    {
        await using var home = await StoppedAsync();
        File.Delete(JournalOf(home));

        Assert.Contains(
            $"error: {JournalOf(home)}: missing, but {home.State}/executions holds logs; restore it from a backup, "
                + "or move what is left away to start without history",
            Check(home).Findings);
        await using var server = ServerProcess.Launch(home);
        Assert.Equal(2, await server.ExitedAsync());
        Assert.Equal(
            $"hephaestus: {JournalOf(home)}: missing, but {home.State}/executions holds logs of executions; restore the journal from a "
                + $"backup, or move {home.State}/executions away to start without history",
            Assert.Single(server.Troubles));
        Assert.False(File.Exists(JournalOf(home)));
    }

    [Fact]
    public async Task A_state_directory_that_is_to_be_made_is_said_to_be()
    {
        await using var home = new ServerHome();

        Assert.Equal([$"state directory {home.State}: the first start makes it"], Check(home).Findings);
        Assert.False(Directory.Exists(home.State));

        home.MoveState(home.Configuration + "/state");
        Assert.Equal([$"error: {home.State}: cannot be made, {home.Configuration} is a file"], Check(home).Findings);
    }

    [FactForRoot]
    public async Task A_full_disk_and_one_in_memory_are_told()
    {
        await using var disk = await SmallDisk.MountAsync();
        disk.Fill();
        var state = disk.Directory.Root;

        Assert.Equal(
            [
                $"error: {state}: 0 KiB are free; make space, or steps wait",
                $"warning: {state}: lies in memory: it is gone when the machine is restarted; set host.state_dir",
                $"state directory {state}: no server runs on it",
                $"{state}/journal.db: the first start makes it",
            ],
            new StateCheck(state).Run().Select(finding => $"{finding}"));
    }

    [FactForRoot]
    public async Task A_read_only_file_system_is_an_error()
    {
        await using var disk = await SmallDisk.MountAsync();
        await disk.Directory.Open().DisposeAsync();
        await JournalDirectory.RunAsync("mount", "-o", "remount,ro", disk.Directory.Root);

        Assert.Contains(
            $"error: {disk.Directory.Root}: cannot be written (Read-only file system); make it and its file system writable for this user",
            new StateCheck(disk.Directory.Root).Run().Select(finding => $"{finding}"));
    }

    private static string JournalOf(ServerHome home) => Path.Combine(home.State, "journal.db");

    private static long Records(ServerHome home, uint id) => new FileInfo(Path.Combine(home.Log(id), "index")).Length / IndexRecord.Size;

    /// <summary>A state directory with one execution, which no server has open.</summary>
    private static async Task<ServerHome> StoppedAsync()
    {
        var home = new ServerHome("log.late_output = 0s");
        home.Step("p", "true");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        await client.RunAsync("set", "p");
        await home.SettledAsync();
        Assert.Equal(0, await server.StopAsync());
        await Remnants.GoneAsync(home);
        return home;
    }

    /// <summary>What is found, and all files with their times and sizes before and afterwards.</summary>
    private static (string[] Findings, string[] Before, string[] After) Check(ServerHome home)
    {
        var before = Files(home);
        string[] findings = [.. new StateCheck(home.State).Run().Select(finding => $"{finding}")];
        return (findings, before, Files(home));
    }

    private static string[] Files(ServerHome home) => Directory.Exists(home.State)
        ? [.. Directory.EnumerateFileSystemEntries(home.State, "*", SearchOption.AllDirectories).Order().Select(Described)]
        : [];

    /// <summary>SQLite's shared memory is no data: who reads notes there that he does.</summary>
    private static string Described(string path)
    {
        Assert.Equal(0, Libc.LinkStatus(path, out var status));
        return path.EndsWith("-shm", StringComparison.Ordinal) ? path : $"{path} {status.Size} {status.Modified}";
    }

    private static void Overwrite(string path, long at, byte[] bytes)
    {
        using var file = File.OpenWrite(path);
        file.Position = at;
        file.Write(bytes);
    }

    private static void Sql(ServerHome home, string sql)
    {
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={JournalOf(home)};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
