using System.Text;
using Hephaestus.Protocol;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Supervision;

/// <summary>
/// What a step finds as root and as a second user, who exists for the server of the test alone: it sees other files in the
/// place of /etc/passwd and /etc/group.
/// </summary>
public sealed class SecondUserTests
{
    private const string Passwd = "root:x:0:0:root:/root:/bin/bash\nsecond:x:54322:54323:Second:/nowhere:/usr/sbin/nologin\n";
    private const string Group = "root:x:0:\nsecond:x:54323:\nextra:x:54324:second\nmore:x:54325:root,second\nothers:x:54326:root\n";

    /// <summary>What concerns the server alone, and what a step must have from elsewhere.</summary>
    private static readonly string[] s_servers =
    [
        "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_FDNAMES", "WATCHDOG_USEC", "CREDENTIALS_DIRECTORY", "MEMORY_PRESSURE_WATCH",
        "MEMORY_PRESSURE_WRITE", "JOURNAL_STREAM", "INVOCATION_ID", "SYSTEMD_EXEC_PID", "STATE_DIRECTORY", "CACHE_DIRECTORY",
        "FDSTORE", "HEPHAESTUS_TOKEN", "HEPHAESTUS_CRASH_AT", "HEPHAESTUS_HOST",
    ];

    private static readonly string[] s_own =
        ["HEPHAESTUS_EXECUTION", "HEPHAESTUS_INSTANCE", "HEPHAESTUS_PLAN", "HEPHAESTUS_SET", "HEPHAESTUS_STEP"];

    [SecondUserFact]
    public async Task Ids_and_groups_are_those_of_the_user()
    {
        await using var run = await Run.Of("grep -E '^(Uid|Gid|Groups):' /proc/self/status; umask", "umask 027");

        Assert.Equal("Uid: 0 0 0 0|Gid: 0 0 0 0|", run.Own[..26]);
        Assert.EndsWith("|0027|", run.Own);
        Assert.Equal("Uid: 54322 54322 54322 54322|Gid: 54323 54323 54323 54323|Groups: 54323 54324 54325|0027|", run.Second);
    }

    [SecondUserFact]
    public async Task Variables_are_these_and_no_others()
    {
        await using var run = await Run.Of(
            "tr '\\0' '\\n' </proc/$$/environ",
            $"export SECRET=x LC_TIME=C LANG=C.UTF-8 TZ=UTC {string.Join(' ', s_servers.Select(name => $"{name}=4711"))}");

        var servers = Encoding.UTF8.GetString(await File.ReadAllBytesAsync($"/proc/{run.Server.Pid}/environ")).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(s_servers.Order(), Names(servers).Intersect(s_servers).Order());
        var own = run.Own.Split('|', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Names(servers).Except(s_servers).Concat(s_own).Order(), Names(own).Order());
        var second = run.Second.Split('|', StringSplitOptions.RemoveEmptyEntries);
        string[] passedOn = [.. servers.Where(variable => variable.Split('=')[0] is "PATH" or "LANG" or "LANGUAGE" or "TZ" || variable.StartsWith("LC_", StringComparison.Ordinal))];
        Assert.Equal([.. s_own, .. Names(passedOn).Concat(["HOME", "LOGNAME", "SHELL", "USER"]).Order()], Names(second).Order(StringComparer.Ordinal).OrderBy(name => !s_own.Contains(name)));
        Assert.Equal(["HOME=/nowhere", "LANG=C.UTF-8", "LC_TIME=C", "LOGNAME=second", "SHELL=/usr/sbin/nologin", "TZ=UTC", "USER=second"],
            second.Order(StringComparer.Ordinal).Where(variable => variable.Split('=')[0] is "HOME" or "LANG" or "LC_TIME" or "LOGNAME" or "SHELL" or "TZ" or "USER"));
        Assert.DoesNotContain("4711", run.Own + run.Second);

        static IEnumerable<string> Names(IEnumerable<string> variables) => variables.Select(variable => variable.Split('=')[0]);
    }

    /// <summary>What the server and its supervisor have open stays theirs; a descriptor that whoever started them left open too.</summary>
    [SecondUserFact]
    public async Task Open_are_nothing_to_read_and_two_FIFOs_to_write()
    {
        await using var run = await Run.Of("ls -l /proc/$$/fd; :", "exec 7</etc/hosts 8<>/dev/null");

        foreach (var output in new[] { run.Own, run.Second })
        {
            var open = output.Split('|', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Split(' ')).ToArray();
            Assert.Equal(["lr-x------ 0 -> /dev/null", "l-wx------ 1 -> FIFO", "l-wx------ 2 -> FIFO"], open.Select(Opened));
            Assert.NotEqual(open[1][^1], open[2][^1]);
        }

        string Opened(string[] parts) => $"{parts[0].TrimEnd('.', '+')} {string.Join(' ', parts[^3..]).Replace(parts[^1], Named(parts[^1]), StringComparison.Ordinal)}";

        string Named(string path) => path.StartsWith(run.Home.Running + "/", StringComparison.Ordinal) ? "FIFO" : path;
    }

    [SecondUserFact]
    public async Task Limits_are_those_that_the_server_was_started_with()
    {
        const string Limits = "ulimit -Sa; ulimit -Ha";
        await using var run = await Run.Of(Limits, $"ulimit -Sn 300; ulimit -Sc 0; ulimit -Ss 4096; ulimit -Su 5000; {{ {Limits}; }} >limits");

        var inherited = await File.ReadAllTextAsync(Path.Combine(run.Home.Directory, "limits"));
        Assert.Contains(" 300\n", inherited);
        Assert.Equal(Run.Lines(inherited), run.Own);
        Assert.Equal(Run.Lines(inherited), run.Second);
        var servers = (await File.ReadAllLinesAsync($"/proc/{run.Server.Pid}/limits")).First(line => line.StartsWith("Max open files", StringComparison.Ordinal));
        Assert.DoesNotContain(" 300 ", servers);
    }

    [SecondUserFact]
    public async Task Nothing_is_ignored_or_blocked_and_nothing_may_be_done_that_only_root_may()
    {
        const string Facts = "NoNewPrivs|Seccomp|SigBlk|SigIgn";
        await using var run = await Run.Of(
            $"grep -E '^({Facts}):' /proc/self/status; grep -E '^Cap(Prm|Eff|Amb):' /proc/self/status",
            "trap '' HUP USR1 PIPE");

        var servers = (await File.ReadAllLinesAsync($"/proc/{run.Server.Pid}/status")).Where(line => Facts.Split('|').Contains(line.Split(':')[0])).ToArray();
        Assert.DoesNotContain("SigIgn:\t0000000000000000", servers);
        var expected = Run.Lines(string.Concat(servers.Select(line => line.StartsWith("Sig", StringComparison.Ordinal) ? $"{line[..8]}0000000000000000\n" : line + "\n")));
        Assert.StartsWith(expected, run.Own);
        Assert.StartsWith(expected, run.Second);
        Assert.EndsWith("|CapPrm: 0000000000000000|CapEff: 0000000000000000|CapAmb: 0000000000000000|", run.Second);
    }

    /// <summary>Such capabilities pass from program to program, and go by themselves only when no id of a process is root's.</summary>
    [SecondUserFact]
    public async Task Ambient_capabilities_of_the_server_are_not_the_users()
    {
        await using var run = await Run.Of("grep -E '^Cap(Prm|Eff|Amb):' /proc/self/status", by: "setpriv --inh-caps +net_raw --ambient-caps +net_raw");

        Assert.Contains("CapAmb:\t0000000000002000\n", await File.ReadAllTextAsync($"/proc/{run.Server.Pid}/status"));
        Assert.Equal("CapPrm: 0000000000000000|CapEff: 0000000000000000|CapAmb: 0000000000000000|", run.Second);
    }

    /// <summary>script(1) gives the server a terminal that controls it.</summary>
    [SecondUserFact]
    public async Task There_is_no_controlling_terminal_though_the_server_has_one()
    {
        await using var run = await Run.Of(
            "cut -d' ' -f7 /proc/$$/stat; ps -o tty= -p $$; (: </dev/tty) || echo none",
            "export TERM=dumb; printf 'exec %q %q' \"$@\" >launch",
            by: "script -qefc \"bash launch\" /dev/null; exit;");

        Assert.NotEqual("0", (await File.ReadAllTextAsync($"/proc/{run.Server.Pid}/stat")).Split(' ')[6]);
        Assert.Equal(("0|?|none|", "0|?|none|"), (run.Own, run.Second));
    }

    [SecondUserFact]
    public async Task A_user_without_a_login_writes_to_its_streams_by_their_names()
    {
        await using var run = await Run.Of("echo a >/dev/stdout; echo b >>/dev/stdout; echo c >/dev/stderr; echo d | tee /dev/stderr; echo e >/proc/self/fd/1");

        Assert.Equal(("a|b|d|e|", "a|b|d|e|"), (run.Own, run.Second));
        Assert.Equal("c\nd\n", run.Home.Output(run.Execution.Id, "err"));
        Assert.Equal("c\nd\n", run.Home.Output(run.Execution.Id, "err", step: 2));
    }

    /// <summary>One command, run by root and then by the second user; the server runs until this is disposed.</summary>
    private sealed class Run : IAsyncDisposable
    {
        private Run(ServerHome home, ServerProcess server, Execution execution) => (Home, Server, Execution) = (home, server, execution);

        public ServerHome Home { get; }

        public ServerProcess Server { get; }

        public Execution Execution { get; }

        /// <summary>What root printed; the end of a line is a bar, and white space one blank.</summary>
        public string Own => Lines(Home.Output(Execution.Id));

        /// <summary>The same of the second user.</summary>
        public string Second => Lines(Home.Output(Execution.Id, step: 2));

        /// <param name="before">What a shell does before it starts the server.</param>
        /// <param name="by">The command that starts the server, in front of it.</param>
        public static async Task<Run> Of(string command, string before = ":", string by = "")
        {
            var home = new ServerHome("exec.cgroup = off");
            File.WriteAllText(Path.Combine(home.Directory, "passwd"), Passwd);
            File.WriteAllText(Path.Combine(home.Directory, "group"), Group);
            home.Steps("p", $"<step name=\"own\">\n{command}\n</step>", $"<step name=\"second\" user=\"second\">\n{command}\n</step>");
            const string Mounts = "mount --bind passwd /etc/passwd; mount --bind group /etc/group";
            var server = await home.StartByAsync($"{before}; unshare --mount bash -c '{Mounts}; exec {by} \"$@\"' bash \"$@\" & wait");
            using var client = new ServerClient(server);
            var execution = await client.RunAsync("set", "p");
            Assert.Equal([State.Ok, State.Ok], execution.Steps.Select(step => step.State));
            return new Run(home, server, execution);
        }

        public static string Lines(string text) => string.Concat(
            text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => string.Join(' ', line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)) + "|"));

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            await Home.DisposeAsync();
        }
    }
}
