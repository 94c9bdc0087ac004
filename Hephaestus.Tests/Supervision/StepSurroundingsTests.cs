using Hephaestus.Protocol;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Supervision;

/// <summary>What a step's command finds when it begins.</summary>
public sealed class StepSurroundingsTests
{
    [Fact]
    public async Task A_reader_that_leaves_ends_a_pipeline_without_a_word()
    {
        var (execution, output, error) = await RunAsync("yes | head -1; echo ${PIPESTATUS[0]}");

        Assert.Equal((State.Ok, "y\n141\n", ""), (execution.State, output, error));
    }

    [Fact]
    public async Task No_signal_is_ignored_or_blocked()
    {
        var (_, output, _) = await RunAsync("grep -E '^Sig(Ign|Blk)' /proc/self/status; grep -E '^Sig(Ign|Blk)' /proc/$$/status");

        Assert.All(output.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.EndsWith("\t0000000000000000", line));
    }

    [Fact]
    public async Task Its_input_is_empty_and_nothing_else_is_open()
    {
        var (_, output, _) = await RunAsync("readlink /proc/$$/fd/0; cat; exec 3</dev/null; exec 3<&-; echo /proc/$$/fd/*; (: <&9) || echo none");

        Assert.StartsWith("/dev/null\n", output);
        var open = output.Split('\n')[1].Split(' ').Select(Path.GetFileName);
        // bash keeps 255 for itself when it reads a script from a file only; a glob opens the directory for a moment.
        Assert.Equal(["0", "1", "2"], open.Where(descriptor => descriptor is not "255" and not "3"));
    }

    [Fact]
    public async Task It_leads_a_session_of_its_own()
    {
        var (execution, output, _) = await RunAsync("cut -d' ' -f1,5,6 /proc/$$/stat");

        var pid = execution.Steps[0].Pid;
        Assert.Equal($"{pid} {pid} {pid}\n", output);
    }

    [Fact]
    public async Task Its_environment_says_what_it_is_part_of_and_setenv_wins()
    {
        var (execution, output, _) = await RunAsync(
            "echo $HEPHAESTUS_SET $HEPHAESTUS_PLAN $HEPHAESTUS_EXECUTION; echo ${#HEPHAESTUS_INSTANCE} $HEPHAESTUS_STEP $VALUE; env | grep -c CRASH",
            "setenv=\"VALUE a  b\"",
            ("VALUE", "inherited"),
            ("HEPHAESTUS_CRASH_AT", "nowhere"));

        Assert.Equal($"set p {execution.Id}\n32 s a b\n0\n", output);
    }

    [Fact]
    public async Task What_concerns_the_server_alone_is_not_in_its_environment()
    {
        (string Name, string Value)[] servers =
        [
            ("NOTIFY_SOCKET", "@4711"), ("LISTEN_FDS", "4711"), ("WATCHDOG_USEC", "4711"), ("CREDENTIALS_DIRECTORY", "/4711"),
            ("MEMORY_PRESSURE_WATCH", "/4711"), ("JOURNAL_STREAM", "4711:1"), ("STATE_DIRECTORY", "/4711"), ("HEPHAESTUS_TOKEN", "4711"),
        ];

        var (_, output, _) = await RunAsync("env | grep -c 4711; echo $OTHER", "", [.. servers, ("OTHER", "passed on")]);

        Assert.Equal("0\npassed on\n", output);
    }

    [Fact]
    public async Task It_is_killed_for_want_of_memory_as_the_server_would_be()
    {
        var (_, output, _) = await RunAsync("cat /proc/self/oom_score_adj");

        Assert.Equal(File.ReadAllText("/proc/self/oom_score_adj"), output);
    }

    [Fact]
    public async Task Its_limits_and_umask_are_those_that_the_server_was_started_with()
    {
        await using var home = new ServerHome();
        home.Step("p", "ulimit -Sn; umask; ulimit -c");
        await using var server = await home.StartByAsync("umask 027; ulimit -Sn 512; ulimit -Sc 0; \"$@\" & wait");
        using var client = new ServerClient(server);

        var execution = await client.RunAsync("set", "p");

        Assert.Equal("512\n0027\n0\n", home.Output(execution.Id));
    }

    [Fact]
    public async Task It_begins_in_the_servers_directory_or_in_its_own()
    {
        await using var home = new ServerHome();
        home.Steps("p", "<step name=\"one\">\npwd\n</step>", "<step name=\"two\" cwd=\"/usr\">\npwd\n</step>");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);

        var execution = await client.RunAsync("set", "p");

        Assert.Equal(home.Directory + "\n", home.Output(execution.Id));
        Assert.Equal("/usr\n", home.Output(execution.Id, step: 2));
    }

    private static async Task<(Execution Execution, string Output, string Error)> RunAsync(
        string command, string attributes = "", params (string, string)[] environment)
    {
        await using var home = new ServerHome();
        home.Step("p", command, attributes);
        await using var server = await home.StartAsync(environment);
        using var client = new ServerClient(server);
        var execution = await client.RunAsync("set", "p");
        return (execution, home.Output(execution.Id), home.Output(execution.Id, "err"));
    }
}
