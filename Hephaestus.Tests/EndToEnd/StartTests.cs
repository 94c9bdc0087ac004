using System.Net;
using System.Net.Sockets;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>What a start prints, and how one that cannot succeed ends.</summary>
public sealed class StartTests
{
    [Fact]
    public async Task A_start_says_version_configuration_and_where_it_listens()
    {
        await using var home = new ServerHome("exec.grace = 3s");
        await using var server = await home.StartAsync();

        Assert.Contains("Hephaestus 1.", server.Said);
        Assert.Contains($"configuration = {home.Configuration}", server.Said);
        Assert.Contains("exec.grace = 3s", server.Said);
        Assert.Contains($"plan.rule_dir = {home.Plans}", server.Said);
        Assert.Contains("no TLS", server.Said);
        Assert.Contains(home.Socket, server.Said);
        Assert.Equal(0, await server.StopAsync());
    }

    [Fact]
    public async Task A_port_in_use_is_named_and_ends_the_start()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        await using var home = new ServerHome($"host.grpc.address = 127.0.0.1:{port}");

        await RefusedAsync(home, $"127.0.0.1:{port} is in use by another program");
    }

    [Fact]
    public async Task A_key_with_a_wrong_value_is_told_with_file_line_and_what_is_allowed()
    {
        await using var home = new ServerHome("exec.grace = soon");

        await RefusedAsync(home, $"{home.Configuration}:6: exec.grace: \"soon\" cannot be used; allowed is");
    }

    [Fact]
    public async Task An_unknown_key_is_a_warning_by_name()
    {
        await using var home = new ServerHome("exec.grase = 3s");
        await using var server = await home.StartAsync();

        Assert.Contains("exec.grase", server.Said);
        Assert.Contains("did you mean exec.grace?", server.Said);
    }

    [Fact]
    public async Task A_configuration_file_that_is_not_there_is_named()
    {
        await using var home = new ServerHome();
        File.Delete(home.Configuration);

        await RefusedAsync(home, home.Configuration);
    }

    [Fact]
    public async Task An_address_that_others_reach_is_refused_without_TLS()
    {
        await using var home = new ServerHome("host.grpc.address = 0.0.0.0:0");

        await RefusedAsync(home, "host.grpc.insecure = yes");
    }

    [Fact]
    public async Task TLS_without_a_certificate_is_refused()
    {
        await using var home = new ServerHome("host.grpc.tls = yes");

        await RefusedAsync(home, "host.grpc.tls.pem: must be set with host.grpc.tls = yes");
    }

    [Fact]
    public async Task A_socket_path_that_is_something_else_is_left_alone()
    {
        await using var home = new ServerHome();
        await File.WriteAllTextAsync(home.Socket, "");

        await RefusedAsync(home, home.Socket);
        Assert.True(File.Exists(home.Socket));
    }

    [Fact]
    public async Task A_socket_left_by_a_killed_server_is_taken_over()
    {
        await using var home = new ServerHome();
        await using (var first = await home.StartAsync())
        {
            await first.KillAsync();
        }

        Assert.True(File.Exists(home.Socket));
        await using var second = await home.StartAsync();
        Assert.Equal(0, (await CliProcess.RunAsync("--hostname", $"unix://{home.Socket}", "list-plan-sets")).ExitCode);
    }

    [Fact]
    public async Task A_plans_directory_that_cannot_be_made_is_named_with_its_key()
    {
        await using var home = new ServerHome("plan.rule_dir = /etc/passwd");

        await RefusedAsync(home, "the plans' directory /etc/passwd cannot be used");
    }

    [Fact]
    public async Task A_server_serves_though_nothing_that_it_says_can_be_written()
    {
        await using var home = new ServerHome("unknown.key = 1");
        await using var server = ServerProcess.LaunchBy(home, "exec \"$@\" >/dev/full 2>&1");

        Assert.True(await AnswersAsync(home));
    }

    private static async Task<bool> AnswersAsync(ServerHome home)
    {
        using var patience = new CancellationTokenSource(Timeouts.Default);
        while (!patience.IsCancellationRequested)
        {
            if ((await CliProcess.RunAsync("--hostname", $"unix://{home.Socket}", "list-plan-sets")).ExitCode == 0)
            {
                return true;
            }
        }

        return false;
    }

    private static async Task RefusedAsync(ServerHome home, string expected)
    {
        await using var server = ServerProcess.Launch(home);

        Assert.Equal(2, await server.ExitedAsync());
        Assert.Contains(expected, server.Said);
        Assert.DoesNotContain("   at ", server.Said);
    }
}
