using Hephaestus.Protocol;
using Hephaestus.Tests.EndToEnd;
using Hephaestus.Tests.Limits;
using Hephaestus.Tests.Supervision;

namespace Hephaestus.Tests.Containers;

/// <summary>The built server as a container has it: nothing may be written but the state, and the user is a number.</summary>
public sealed class BareSurroundingsTests
{
    /// <summary>All mounts read-only, but for that of the home.</summary>
    private const string ReadOnly = """
        mount --bind "$HOME_OF_TEST" "$HOME_OF_TEST"
        for mount in / /tmp /dev/shm /run /var; do
          ! mountpoint -q $mount || mount -o remount,bind,ro $mount
        done
        ! touch /tmp/hephaestus-test-$$ /var/lib/hephaestus-test-$$ 2>/dev/null || exit 9
        """;

    [OtherUsersContainerFact]
    public async Task A_read_only_root_a_user_of_no_name_and_no_home_are_enough()
    {
        await using var home = new ServerHome();
        home.Step("p", "id -u; echo ${HOME-none}; touch /tmp/x 2>/dev/null || echo read-only");
        await Journal.JournalDirectory.RunAsync("chown", "-R", $"{OtherUserFactAttribute.User}", home.Directory);
        await using var server = await home.StartByAsync(Container.Running(
            $"HOME_OF_TEST={home.Directory}\n{ReadOnly}\nexec {OtherUserFactAttribute.As} env -i {Variables(home)} \"$@\""));
        using var client = new ServerClient(server);

        var execution = await client.RunAsync("set", "p");

        Assert.Equal((State.Ok, $"{OtherUserFactAttribute.User}\nnone\nread-only\n"), (execution.State, home.Output(execution.Id)));
        Assert.Equal(0, await server.StopAsync());
        Assert.Equal("", server.Errors);
        await Remnants.GoneAsync(home);
    }

    /// <summary>What would end the process at the first plan is found out at the start.</summary>
    [ContainerFact]
    public async Task Without_OpenSSL_a_start_is_refused_with_a_line_that_says_so()
    {
        await using var home = new ServerHome();
        await using var server = ServerProcess.LaunchBy(
            home,
            Container.Running("for library in $(find -L /lib /lib64 /usr/lib /usr/lib64 -maxdepth 2 -name \"libssl.so*\" 2>/dev/null); do "
                + "mount --bind /dev/null $library; done"));

        Assert.Equal(2, await server.ExitedAsync());
        Assert.Equal(
            "hephaestus: OpenSSL is missing: no libssl.so.3 or libssl.so.1.1 can be loaded; install it (Debian: libssl3)\n", server.Errors);
    }

    /// <summary>Published programs unpack a library; those that were built need .NET.</summary>
    private static string Variables(ServerHome home) => string.Join(
        ' ',
        $"{Remnants.Mark}={home.Directory}",
        $"DOTNET_BUNDLE_EXTRACT_BASE_DIR={home.Directory}/extracted",
        $"DOTNET_ROOT={Environment.GetEnvironmentVariable("DOTNET_ROOT") ?? "/usr/share/dotnet"}");
}
