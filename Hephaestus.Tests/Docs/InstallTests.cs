using System.Diagnostics;
using System.Text.RegularExpressions;
using Hephaestus.Tests.EndToEnd;
using Hephaestus.Tests.Supervision;

namespace Hephaestus.Tests.Docs;

/// <summary>
/// scripts/install and scripts/uninstall below a throw-away directory: what needs root or systemd they leave out there, and
/// say so.
/// </summary>
public sealed class InstallTests : IDisposable
{
    private const string Configuration = "etc/olympus/hephaestus/main.conf";

    /// <summary>What the names of settings begin with that keep the server, and with it steps, from something.</summary>
    private static readonly string[] s_sandboxes = ["Protect", "Private", "Restrict", "SystemCall", "ReadOnly", "Inaccessible"];

    private readonly string _directory = Directory.CreateTempSubdirectory("hephaestus-").FullName;

    private string Root => Path.Combine(_directory, "root");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task What_is_installed_has_its_place_and_its_rights()
    {
        var result = await InstallAsync();

        Assert.Equal(("", 0), (result.Err, result.ExitCode));
        Assert.Equal(
            [
                "644 etc/olympus/hephaestus/client.conf",
                "644 etc/olympus/hephaestus/main.conf",
                "644 usr/lib/systemd/system/hephaestus.service",
                "700 var/cache/hephaestus",
                "700 var/lib/hephaestus",
                "750 etc/olympus/hephaestus/plans",
                "750 var/log/olympus/hephaestus",
                "755 usr/bin/hephaestus",
                "755 usr/bin/hephaestus-cli",
            ],
            Leaves().Order(StringComparer.Ordinal));
        Assert.Equal(Manual.Read("docs/main.conf"), Read(Configuration));
        Assert.Equal(Manual.Read("scripts/hephaestus.service"), Read("usr/lib/systemd/system/hephaestus.service"));
        Assert.EndsWith(
            $"Left out, since all is below {Root}: the group hephaestus, owners (root, and root:hephaestus for /etc/olympus/hephaestus/plans), systemd\n",
            result.Out);
    }

    [Fact]
    public async Task A_second_time_changes_nothing_and_an_upgrade_only_what_is_new()
    {
        await InstallAsync();
        File.SetUnixFileMode(Path.Combine(Root, "etc/olympus/hephaestus/plans"), (UnixFileMode)0b111_111_000);
        var before = Leaves().ToArray();

        var again = await InstallAsync();
        await File.AppendAllTextAsync(Path.Combine(_directory, "from/hephaestus-cli"), "newer");
        var upgrade = await InstallAsync();

        Assert.StartsWith("Left out", again.Out, StringComparison.Ordinal);
        Assert.StartsWith("/usr/bin/hephaestus-cli\nLeft out", upgrade.Out, StringComparison.Ordinal);
        Assert.EndsWith("newer", Read("usr/bin/hephaestus-cli"));
        Assert.Equal(before, Leaves());
    }

    [Fact]
    public async Task A_configuration_is_never_overwritten_and_the_new_one_lies_beside_it()
    {
        await InstallAsync();
        await File.WriteAllTextAsync(Path.Combine(Root, Configuration), "* mine\n");

        var result = await InstallAsync();

        Assert.Equal("* mine\n", Read(Configuration));
        Assert.Equal(Manual.Read("docs/main.conf"), Read(Configuration + ".new"));
        Assert.Contains(
            $"/{Configuration} is there and is left as it is; what this version would have installed is /{Configuration}.new\n", result.Out);
        File.Copy(Path.Combine(Root, Configuration + ".new"), Path.Combine(Root, Configuration), overwrite: true);
        await InstallAsync();
        Assert.False(File.Exists(Path.Combine(Root, Configuration + ".new")));
    }

    [Theory]
    [InlineData("/usr/local", "usr/local/lib/systemd/system")]
    [InlineData("/opt/hephaestus", "etc/systemd/system")]
    public async Task Elsewhere_the_unit_says_so_and_lies_where_systemd_finds_it(string prefix, string units)
    {
        await InstallAsync("--prefix", prefix);

        Assert.Contains($"\nExecStart={prefix}/bin/hephaestus /{Configuration}\n", Read($"{units}/hephaestus.service"));
        Assert.True(File.Exists(Root + prefix + "/bin/hephaestus-cli"));
        var result = await UninstallAsync("--prefix", prefix, "--purge");
        Assert.Equal(0, result.ExitCode);
        Assert.DoesNotContain(
            Leaves(), leaf => leaf.Contains("hephaestus", StringComparison.Ordinal) && !leaf.EndsWith(prefix[1..] + "/bin", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Uninstall_leaves_what_is_the_users_and_purge_does_not()
    {
        await InstallAsync();
        await File.WriteAllTextAsync(Path.Combine(Root, "etc/olympus/hephaestus/plans/mine.conf"), "");
        await File.WriteAllTextAsync(Path.Combine(Root, "usr/bin/other"), "");

        var result = await UninstallAsync();

        Assert.Equal("removed /usr/bin/hephaestus\nremoved /usr/bin/hephaestus-cli\nremoved /usr/lib/systemd/system/hephaestus.service", Removed(result));
        Assert.True(File.Exists(Path.Combine(Root, "etc/olympus/hephaestus/plans/mine.conf")));
        Assert.True(Directory.Exists(Path.Combine(Root, "var/lib/hephaestus")));
        Assert.Equal(
            "removed /etc/olympus/hephaestus\nremoved /var/lib/hephaestus\nremoved /var/cache/hephaestus\nremoved /var/log/olympus/hephaestus",
            Removed(await UninstallAsync("--purge")));
        Assert.Equal("", Removed(await UninstallAsync("--purge")));
        Assert.Contains("usr/bin/other", Leaves().Select(leaf => leaf.Split(' ')[1]));
    }

    [Fact]
    public async Task Nothing_is_purged_while_a_server_or_its_steps_run_there()
    {
        await InstallAsync();
        await using var home = new ServerHome();
        home.MoveState(Path.Combine(Root, "var/lib/hephaestus"));
        using var gate = new Gate(home);
        home.Step("p", gate.Wait);
        await using (var server = await home.StartAsync())
        {
            using var client = new ServerClient(server);
            await client.ExecuteAsync("set", "p");
            await gate.ArrivedAsync();
            await RefusedAsync($"scripts/uninstall: a server runs on {home.State}; stop it first");
            Assert.Equal(0, await server.StopAsync());
        }

        await RefusedAsync($"scripts/uninstall: steps of {home.State} still run; cancel them, or let them end");
        Assert.Contains($"Steps of {home.State} still run, and go on", (await UninstallAsync()).Out);
        Assert.True(File.Exists(Path.Combine(home.State, "journal.db")));

        gate.Open();
        await using (var server = await home.StartAsync())
        {
            using var client = new ServerClient(server);
            await client.EndedAsync(1);
            await home.SettledAsync();
            Assert.Equal(0, await server.StopAsync());
        }

        await Remnants.GoneAsync(home);
        Assert.Equal(0, (await UninstallAsync("--purge")).ExitCode);
        Assert.False(Directory.Exists(home.State));

        async Task RefusedAsync(string why)
        {
            var result = await UninstallAsync("--purge");
            Assert.Equal((2, ""), (result.ExitCode, result.Out));
            Assert.StartsWith(why, result.Err, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("install", "--what")]
    [InlineData("install", "--root")]
    [InlineData("install", "--prefix", "relative")]
    [InlineData("install", "--from", "/nowhere", "--root", "/nowhere/root")]
    [InlineData("uninstall", "--what")]
    [InlineData("uninstall", "--root", "/nowhere")]
    public async Task What_is_not_understood_is_refused_and_nothing_is_done(string script, params string[] arguments)
    {
        var result = await RunAsync(script, arguments);

        Assert.Equal((2, ""), (result.ExitCode, result.Out));
        Assert.Matches($"^scripts/{script}: [^\n]+\n$", result.Err);
    }

    /// <summary>With the built program as the one that is to be started.</summary>
    [SystemdAnalyzeFact]
    public async Task Systemd_finds_nothing_wrong_with_the_unit()
    {
        var unit = Path.Combine(_directory, "hephaestus.service");
        await File.WriteAllTextAsync(unit, Manual.Read("scripts/hephaestus.service").Replace("=/usr/bin/hephaestus ", $"={Programs.Server} ", StringComparison.Ordinal));

        var sound = await ProcessAsync(SystemdAnalyzeFactAttribute.Program, "verify", "--man=no", unit);
        await File.AppendAllTextAsync(unit, "\n[Service]\nKillMod=process\n");
        var broken = await ProcessAsync(SystemdAnalyzeFactAttribute.Program, "verify", "--man=no", unit);

        Assert.Equal((0, "", ""), (sound.ExitCode, sound.Out, sound.Err));
        Assert.Contains("'KillMod'", broken.Err);
    }

    /// <summary>What ends or starves steps, or breaks plans.</summary>
    [Fact]
    public void The_unit_keeps_steps_alive_and_plans_whole()
    {
        var settings = Setting.Matches(Manual.Read("scripts/hephaestus.service")).ToDictionary(set => set.Groups[1].Value, set => set.Groups[2].Value);

        Assert.Equal(
            ("notify", "main", "process", "yes", "continue", "infinity", "2"),
            (settings["Type"], settings["NotifyAccess"], settings["KillMode"], settings["Delegate"], settings["OOMPolicy"], settings["TasksMax"],
                settings["RestartPreventExitStatus"]));
        Assert.DoesNotContain(
            settings.Keys,
            key => s_sandboxes.Any(sandbox => key.StartsWith(sandbox, StringComparison.Ordinal)));
        Assert.Empty(settings.Keys.Intersect(
            ["NoNewPrivileges", "MemoryDenyWriteExecute", "DynamicUser", "CapabilityBoundingSet", "WatchdogSec", "OOMScoreAdjust", "UMask", "ExecStop"]));
    }

    private static Regex Setting { get; } = new("^([A-Za-z]+)=(.*)$", RegexOptions.Multiline);

    private static string Removed(CliResult result) =>
        string.Join('\n', result.Out.Split('\n').Where(line => line.StartsWith("removed ", StringComparison.Ordinal)));

    private string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    /// <summary>Files and empty directories with their rights, by their paths from the root on.</summary>
    private IEnumerable<string> Leaves() =>
        from path in Directory.EnumerateFileSystemEntries(Root, "*", SearchOption.AllDirectories)
        where !Directory.Exists(path) || !Directory.EnumerateFileSystemEntries(path).Any()
        select $"{Convert.ToString((int)File.GetUnixFileMode(path), 8)} {Path.GetRelativePath(Root, path)}";

    private Task<CliResult> InstallAsync(params string[] arguments)
    {
        var from = Directory.CreateDirectory(Path.Combine(_directory, "from")).FullName;
        foreach (var program in (string[])[Programs.Server, Programs.Cli])
        {
            var copy = Path.Combine(from, Path.GetFileName(program));
            if (!File.Exists(copy))
            {
                File.Copy(program, copy);
            }
        }

        return RunAsync("install", ["--from", from, "--root", Root, .. arguments]);
    }

    private Task<CliResult> UninstallAsync(params string[] arguments) => RunAsync("uninstall", ["--root", Root, .. arguments]);

    private static Task<CliResult> RunAsync(string script, string[] arguments) =>
        ProcessAsync(Path.Combine(Programs.Root, "scripts", script), arguments);

    private static async Task<CliResult> ProcessAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().DefaultTimeout();
        return new CliResult(process.ExitCode, await output.DefaultTimeout(), await error.DefaultTimeout());
    }
}

/// <summary>A test that needs systemd-analyze, which needs no systemd that runs.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SystemdAnalyzeFactAttribute : FactAttribute
{
    public const string Program = "/usr/bin/systemd-analyze";

    public SystemdAnalyzeFactAttribute() => Skip = File.Exists(Program) ? null : "systemd-analyze is not installed";
}
