using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Docs;

/// <summary>README's section on a network, command by command, as somebody takes it whose server runs already.</summary>
public sealed class NetworkTests
{
    [Fact]
    public async Task What_the_README_says_of_a_network_does_what_it_says()
    {
        await using var home = new ServerHome();
        home.Plan("samples", "hello", await File.ReadAllTextAsync(Path.Combine(Programs.Root, "plans/samples/hello.conf")));
        await (await home.StartAsync()).StopAsync();
        var section = Manual.Section(Manual.Read("README.md"), "On a network")
            .Replace("/etc/olympus/hephaestus", home.Directory, StringComparison.Ordinal)
            .Replace("scripts/", $"{Programs.Root}/scripts/", StringComparison.Ordinal)
            .Replace("0.0.0.0:3041", "127.0.0.1:0", StringComparison.Ordinal);
        var configurations = Manual.Blocks(section, "conf").ToArray();
        var commands = Manual.Blocks(section, "sh").ToArray();

        await ManualShell.RunAsync(commands[0], home.Directory);
        await File.AppendAllTextAsync(home.Configuration, configurations[0]);
        await ManualShell.RunAsync(commands[1], home.Directory);
        var server = await home.StartAsync();
        await File.WriteAllTextAsync(
            Path.Combine(home.Directory, "client.conf"),
            configurations[1].Replace("https://192.168.1.20:3041", server.Address, StringComparison.Ordinal));
        var allowed = await ManualShell.RunAsync(commands[2], home.Directory);
        var refused = await ManualShell.RunAsync(commands[3], home.Directory);

        Assert.Equal((2, 4), (configurations.Length, commands.Length));
        Assert.StartsWith("https://", server.Address, StringComparison.Ordinal);
        Assert.Contains("Executions are taken: 0 running, 0 queued\n", allowed, StringComparison.Ordinal);
        Assert.Contains("Plan ended: OK\n", allowed, StringComparison.Ordinal);
        Assert.Contains("token:ci", refused, StringComparison.Ordinal);
    }
}
