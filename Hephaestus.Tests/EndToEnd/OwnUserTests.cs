namespace Hephaestus.Tests.EndToEnd;

/// <summary>A step that names the user whom the server runs as anyway.</summary>
public sealed class OwnUserTests
{
    [Fact]
    public async Task A_step_that_names_the_servers_own_user_has_the_variables_of_that_user()
    {
        await using var home = new ServerHome();
        var user = Environment.UserName;
        home.Plan("set", "plan", $"""
            <plan id="p"></plan>
            <step name="a" user="{user}">echo "$USER:$LOGNAME:$HOME"; id -un</step>
            """);
        await using var server = await home.StartAsync();

        var result = await CliProcess.RunAsync(server, "exec", "--set", "set", "--name", "plan", "--follow");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains($" I {user}:{user}:/", result.Out);
        Assert.Contains($" I {user}\n", result.Out);
    }
}
