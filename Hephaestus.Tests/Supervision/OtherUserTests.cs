using Hephaestus.Protocol;
using Hephaestus.Tests.Configuration;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Supervision;

/// <summary>Steps that run as another user.</summary>
public sealed class OtherUserTests
{
    [RootFact]
    public async Task A_step_is_that_user_in_every_respect()
    {
        await using var home = new ServerHome();
        home.Step("p", "id -u; id -g; id -G; echo $HOME $USER $LOGNAME $SHELL; echo again >/dev/stdout; echo err >/dev/stderr", Nobody);

        var (execution, output) = await RunAsync(home);

        Assert.Equal(State.Ok, execution.State);
        Assert.Equal("65534\n65534\n65534\n/nonexistent nobody nobody /usr/sbin/nologin\nagain\n", output);
        Assert.Equal("err\n", home.Output(execution.Id, "err"));
    }

    [RootFact]
    public async Task Nothing_leads_back_to_root()
    {
        await using var home = new ServerHome();
        home.Step("p", "grep -E '^(Uid|Gid|Groups|CapInh|CapPrm|CapEff|CapAmb):' /proc/self/status; cat /dev/stdout", Nobody);

        var (_, output) = await RunAsync(home);

        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t', ' ').Where(part => part.Length > 0));
        Assert.Equal(
            [
                "Uid: 65534 65534 65534 65534", "Gid: 65534 65534 65534 65534", "Groups: 65534", "CapInh: 0000000000000000",
                "CapPrm: 0000000000000000", "CapEff: 0000000000000000", "CapAmb: 0000000000000000",
            ],
            lines.Select(line => string.Join(' ', line)));
    }

    [RootFact]
    public async Task The_servers_own_variables_stay_with_the_server()
    {
        await using var home = new ServerHome();
        home.Step("p", "echo ${SECRET:-none} ${OWN:-none} $HEPHAESTUS_STEP; echo $PATH", Nobody + " setenv=\"OWN value\"");

        var (_, output) = await RunAsync(home, ("SECRET", "secret"));

        Assert.Equal($"none value s\n{Environment.GetEnvironmentVariable("PATH")}\n", output);
    }

    [RootFact]
    public async Task The_working_directory_is_entered_as_that_user()
    {
        await using var home = new ServerHome();
        using var folder = new TemporaryFolder();
        var open = folder.Path;
        File.SetUnixFileMode(open, (UnixFileMode)0b111_101_101);
        home.Step("p", "pwd", $"{Nobody} cwd=\"{open}\"");
        home.Step("closed", "pwd", $"{Nobody} cwd=\"{home.Directory}\"");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);

        var entered = await client.RunAsync("set", "p");
        var refused = await client.RunAsync("set", "closed");

        Assert.Equal(open + "\n", home.Output(entered.Id));
        AssertCouldNotStart($"working directory {home.Directory}: Permission denied", refused);
    }

    [RootFact]
    public async Task A_user_that_does_not_exist_is_named()
    {
        await using var home = new ServerHome();
        home.Step("p", "true", "user=\"no-such-user\"");

        var (execution, _) = await RunAsync(home);

        AssertCouldNotStart("there is no user 'no-such-user' on this machine", execution);
    }

    [Fact]
    public async Task A_working_directory_that_is_missing_is_named_and_the_recovery_runs()
    {
        await using var home = new ServerHome();
        home.Steps(
            "p",
            "<step name=\"s\" cwd=\"/no/such/directory\">\ntrue\n</step>",
            "<recovery name=\"r\" parent=\"s\">\necho recovered\n</recovery>");

        var (execution, _) = await RunAsync(home);

        AssertCouldNotStart("working directory /no/such/directory: No such file or directory", execution);
        Assert.Equal("recovered\n", home.Output(execution.Id, step: 2));
    }

    [RootFact]
    public async Task The_next_step_is_root_again()
    {
        await using var home = new ServerHome();
        home.Steps("p", $"<step name=\"one\" {Nobody}>\nid -u\n</step>", "<step name=\"two\">\nid -u; id -G; umask\n</step>");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);

        var execution = await client.RunAsync("set", "p");

        Assert.Equal("65534\n", home.Output(execution.Id));
        Assert.StartsWith("0\n", home.Output(execution.Id, step: 2));
    }

    private const string Nobody = "user=\"nobody\"";

    private static void AssertCouldNotStart(string reason, Execution execution)
    {
        Assert.Equal(State.Failed, execution.Steps[0].State);
        Assert.Equal((Cause.CouldNotStart, reason), (execution.Steps[0].Outcome.Cause, execution.Steps[0].Outcome.Reason));
        Assert.False(execution.Steps[0].Outcome.HasExitCode || execution.Steps[0].Outcome.HasSignal);
    }

    private static async Task<(Execution Execution, string Output)> RunAsync(ServerHome home, params (string, string)[] environment)
    {
        await using var server = await home.StartAsync(environment);
        using var client = new ServerClient(server);
        var execution = await client.RunAsync("set", "p");
        await home.SettledAsync();
        Assert.Equal(0, await server.StopAsync());
        await Remnants.GoneAsync(home);
        return (execution, home.Output(execution.Id));
    }
}
