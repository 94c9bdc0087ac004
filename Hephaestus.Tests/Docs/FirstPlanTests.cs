using Hephaestus.Protocol;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Docs;

/// <summary>README's first steps, command by command, as a new user takes them.</summary>
public sealed class FirstPlanTests
{
    private const string Address = "http://127.0.0.1:3041";

    [Fact]
    public async Task The_first_steps_of_the_README_do_what_they_say()
    {
        await using var home = new ServerHome();
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        home.Plan("samples", "hello", await File.ReadAllTextAsync(Path.Combine(Programs.Root, "plans/samples/hello.conf")));
        await client.KnowsAsync("samples", "hello");
        await client.RunAsync("samples", "hello");

        var blocks = Manual.Blocks(Manual.Section(Manual.Read("README.md"), "First plan"), "sh").ToArray();
        var (printed, runnable) = (new List<string>(), true);
        foreach (var block in blocks)
        {
            printed.Add(await ManualShell.RunAsync(block.Replace(Address, server.Address, StringComparison.Ordinal), home.Directory));
            runnable &= !block.Contains("parrent", StringComparison.Ordinal);
            await SeenAsync(client, runnable);
        }

        Assert.Contains(blocks, block => block.Contains("mkdir", StringComparison.Ordinal));
        Assert.Contains(printed, text => text.StartsWith("first\n", StringComparison.Ordinal) && text.Contains("Plan ended: OK"));
        Assert.Contains(printed, text => text.Contains("did you mean \"parent\"?"));
    }

    /// <summary>Completes when the server knows the plan as it is now.</summary>
    private static async Task SeenAsync(ServerClient client, bool runnable)
    {
        using var watch = client.Calls.WatchCatalogue(new WatchCatalogueRequest { Set = "mine" });
        while (await watch.ResponseStream.MoveNext(CancellationToken.None).DefaultTimeout())
        {
            var update = watch.ResponseStream.Current;
            var plans = update.Snapshot?.Plans ?? update.Change?.Plans;
            if (plans?.Any(plan => plan.Name == "first" && plan.Runnable == runnable) == true)
            {
                return;
            }
        }
    }
}
