using System.Text;
using Grpc.Core;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>A set and a plan may each have the longest name that a directory and a file can have.</summary>
public sealed class LongNameTests
{
    [Fact]
    public async Task The_log_of_a_plan_with_the_longest_names_can_be_dumped_and_leaves_the_list()
    {
        var (set, plan) = (new string('s', 255), new string('ü', 123));
        await using var home = new ServerHome();
        home.Plan(set, plan, "<plan id=\"p\"></plan>\n<step name=\"a\">echo hello</step>\n");
        home.Plan("a", plan, "<plan id=\"p\"></plan>\n<step name=\"a\">echo hello</step>\n");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        await client.RunAsync(set, plan);
        await client.RunAsync("a", plan);

        var dumped = await CliProcess.RunAsync(server, "dump-all-history");

        Assert.Equal((0, ""), (dumped.ExitCode, dumped.Err));
        Assert.Empty(await client.PlansAsync());
        var names = Directory.GetFiles(home.Dumps).Select(file => Path.GetFileName(file)).Order().ToArray();
        Assert.Equal(2, names.Length);
        Assert.Matches("^a\\.ü+\\(2\\)_[0-9]+\\.log$", names[0]);
        Assert.Matches("^s+\\(1\\)_[0-9]+\\.log$", names[1]);
        Assert.All(names, name => Assert.InRange(Encoding.UTF8.GetByteCount(name), 244, 255));
    }

    [Fact]
    public async Task A_plan_with_more_errors_than_fit_into_an_answer_says_how_many_are_left_out()
    {
        var set = new string('s', 255);
        await using var home = new ServerHome();
        home.Plan(set, "plan", "<plan id=\"p\"></plan>\n" + string.Concat(Enumerable.Repeat("<step nam=\"x\">\n</step>\n", 1000)));
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);

        var refused = await Assert.ThrowsAsync<RpcException>(() => client.ExecuteAsync(set, "plan"));

        Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
        var lines = refused.Status.Detail.Split('\n');
        Assert.InRange(refused.Status.Detail.Length, 4 * 1024, 7 * 1024);
        Assert.Contains("/plan.conf:2:", lines[0], StringComparison.Ordinal);
        Assert.Matches("^and [1-9][0-9]* more$", lines[^1]);
    }
}
