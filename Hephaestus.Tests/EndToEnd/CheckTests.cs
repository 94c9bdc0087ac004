using System.Diagnostics;

namespace Hephaestus.Tests.EndToEnd;

/// <summary><c>hephaestus --check</c>, before a change of server.</summary>
public sealed class CheckTests
{
    [Fact]
    public async Task A_script_that_reads_differently_is_told_once_with_the_number_of_its_lines()
    {
        await using var home = new ServerHome("exec.cgroup = off");
        var file = home.Plan("set", "plan", "<plan id=\"p\"></plan>\n<step name=\"a\">\necho 1\necho 2\necho 3\necho 4\n</step>\n");

        var (exitCode, lines) = await CheckAsync(home);

        Assert.Equal(0, exitCode);
        Assert.Equal(
            [
                "steps have no control groups of their own: exec.cgroup is off",
                $"reads differently: {file}:4: step \"a\": this line was joined to the one before; "
                    + "now it is a command of its own (and 2 more lines of it)",
                "1 plan in 1 plan set, 0 with errors",
                $"state directory {home.State}: the first start makes it",
            ],
            lines);
        Assert.False(Directory.Exists(home.State));
    }

    [Fact]
    public async Task Every_mistake_of_every_plan_is_told_and_nothing_is_made()
    {
        await using var home = new ServerHome();
        var broken = home.Plan("set", "broken", "<plan id=\"p\"></plan>\n<step nam=\"a\">true</step>\n");
        home.Plan("set", "right", "<plan id=\"p\"></plan>\n<step name=\"a\">true</step>\n");

        var (exitCode, lines) = await CheckAsync(home);

        Assert.Equal(1, exitCode);
        Assert.Contains($"error: {broken}:2:7: there is no attribute \"nam\"; did you mean \"name\"?", lines);
        Assert.Equal("2 plans in 1 plan set, 1 with errors", lines[^2]);
        Assert.False(Directory.Exists(home.State));
    }

    [Fact]
    public async Task What_retention_will_remove_is_told()
    {
        await using var home = new ServerHome("history.keep_days = 30", "history.keep_bytes = 20480M");

        var (exitCode, lines) = await CheckAsync(home);

        Assert.Equal(0, exitCode);
        Assert.Contains("logs of ended executions go by history.keep_days = 30, history.keep_bytes = 20G", lines);
    }

    [Fact]
    public async Task A_state_directory_that_cannot_be_used_is_an_error()
    {
        await using var home = new ServerHome();
        Directory.CreateDirectory(home.State);
        await File.WriteAllTextAsync(Path.Combine(home.State, "journal.db"), "no journal");

        var (exitCode, lines) = await CheckAsync(home);

        Assert.Equal(1, exitCode);
        Assert.StartsWith($"error: {home.State}/journal.db: not an SQLite database; restore", lines[^1], StringComparison.Ordinal);
        Assert.Equal("no journal", await File.ReadAllTextAsync(Path.Combine(home.State, "journal.db")));
    }

    /// <summary>The exit code, and the lines that it printed; who runs the tests makes no difference.</summary>
    internal static async Task<(int ExitCode, string[] Lines)> CheckAsync(ServerHome home)
    {
        var start = new ProcessStartInfo(Programs.Server, ["--check", home.Configuration]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync().DefaultTimeout();
        await process.WaitForExitAsync().DefaultTimeout();
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return (process.ExitCode, [.. lines.Where(line => !line.StartsWith("warning: runs as root", StringComparison.Ordinal))]);
    }
}
