using System.Text.RegularExpressions;
using Hephaestus.Tests.Cli;
using Hephaestus.Tests.EndToEnd;
using Hephaestus.Tests.Limits;
using Hephaestus.Tests.Supervision;

namespace Hephaestus.Tests.Docs;

/// <summary>The built server with the configuration that scripts/install installs, but for places and the group's name.</summary>
public sealed class InstalledConfigurationTests
{
    /// <summary>Nobody is in it.</summary>
    private const int Group = 54_322;

    [Fact]
    public async Task Nobody_may_do_anything_over_the_address_and_the_servers_own_user_all_over_the_socket()
    {
        await using var home = Installed(Environment.IsPrivilegedProcess ? $"{Group}" : (await Shell.RunAsync("id -g")).Out.Trim());
        await using var server = await home.StartAsync();

        foreach (var command in (string[][])[["list-plan-sets"], ["exec", "--set", "set", "--name", "p"], ["plans"], ["drain", "--status"]])
        {
            var refused = await CliProcess.RunAsync(server, command);
            Assert.Equal((4, ""), (refused.ExitCode, refused.Out));
            Assert.Contains("this server has to know who calls", refused.Err);
        }

        var run = await CliProcess.RunAsync("--hostname", $"unix://{home.Socket}", "exec", "--set", "set", "--name", "p", "--follow");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(0, (await CliProcess.RunAsync("--hostname", $"unix://{home.Socket}", "drain")).ExitCode);
        Assert.Equal(0, await server.StopAsync());
    }

    [OtherUserFact]
    public async Task Who_is_in_the_group_may_run_plans_over_the_socket_and_nobody_else_reaches_it()
    {
        await using var home = Installed($"{Group}");
        File.SetUnixFileMode(home.Directory, (UnixFileMode)0b111_101_101);
        await using var server = await home.StartAsync();
        var call = $"\"$CLI\" --hostname unix://{home.Socket}";
        var member = $"setpriv --reuid {OtherUserFactAttribute.User} --regid {OtherUserFactAttribute.User} --groups {Group} {call}";

        var run = await Shell.RunAsync($"{member} exec --set set --name p --follow");
        var drain = await Shell.RunAsync($"{member} drain");
        var stranger = await Shell.RunAsync($"{OtherUserFactAttribute.As} {call} list-plan-sets");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(4, drain.ExitCode);
        Assert.Contains("admin", drain.Err);
        Assert.Equal(4, stranger.ExitCode);
        Assert.Contains("Permission denied", stranger.Err);
        Assert.Equal(0, await server.StopAsync());
    }

    private static ServerHome Installed(string group)
    {
        var home = new ServerHome();
        home.Step("p", "echo printed");
        var places = File.ReadAllLines(home.Configuration);
        File.WriteAllText(
            home.Configuration,
            Regex.Replace(Manual.Read("docs/main.conf"), "(group += |gid:)hephaestus", $"${{1}}{group}") + string.Join('\n', places) + "\n");
        return home;
    }
}
