using Hephaestus.Protocol;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Supervision;

/// <summary>One execution of one plan through one crash, and what must be true of it whatever crashed.</summary>
internal sealed class Walk : IAsyncDisposable
{
    private static readonly string[] s_steps = ["one", "two", "three", "four"];

    private readonly TestCgroup _cgroup = TestCgroup.Make();
    private readonly ServerHome _home;
    private uint _id;

    private Walk()
    {
        _home = new ServerHome("log.late_output = 30s", "exec.grace = 60s", _cgroup.Setting);
        Gate = new Gate(_home);
        _home.Plan("set", "plan", $"""
            <plan id="walk"></plan>
            <step name="one">
            {Runs("one")}
            echo "one, out"; echo "one, err" >&2
            {Gate.Wait}
            printf 'one, out again\nand no newline'
            </step>
            <step name="two" parent="one">
            {Runs("two")}
            seq 1 3000; exit 3
            </step>
            <recovery name="three" parent="two">
            {Runs("three")}
            echo "three, err" >&2
            </recovery>
            <step name="four">
            {Runs("four")}
            echo "four, out"
            </step>
            """);
    }

    public Gate Gate { get; }

    public Survivor Survivor { get; private set; } = null!;

    public static async Task<Walk> StartAsync(string point)
    {
        var walk = new Walk();
        walk.Survivor = await Survivor.StartAsync(walk._home, point);
        return walk;
    }

    /// <summary>Runs the plan; where the answer got lost, what the next server knows tells whether it was accepted.</summary>
    public async Task ExecuteAsync() => _id = await Survivor.DoAsync(
        async client => await client.PlansAsync() is [var accepted] ? accepted : await client.ExecuteAsync("set", "plan"));

    /// <summary>Completes when step one runs and the server knows its process.</summary>
    public Task<Execution> RunsAsync() => Survivor.DoAsync(client => client.WhenAsync(_id, execution => execution.Steps[0].Pid != 0));

    /// <summary>Lets step one go on when it has come to its gate.</summary>
    public async Task PassAsync()
    {
        await Gate.ArrivedAsync();
        Gate.Open();
    }

    public Task<Execution> CancelAsync() => Survivor.CancelAsync(_id);

    public Task<Execution> EndedAsync() => Survivor.DoAsync(client => client.EndedAsync(_id));

    public async Task AssertRanAsync()
    {
        var execution = await EndedAsync();
        Assert.Equal(State.Nok, execution.State);
        Assert.Equal([State.Ok, State.Nok, State.Ok, State.Ok], execution.Steps.Select(step => step.State));
        Assert.Equal([0, 3, 0, 0], execution.Steps.Select(step => step.Outcome.ExitCode));
        Assert.Equal(s_steps, Ran());
        AssertOutput(1, "out", "one, out\none, out again\nand no newline");
        AssertOutput(1, "err", "one, err\n");
        AssertOutput(2, "out", string.Concat(Enumerable.Range(1, 3000).Select(number => $"{number}\n")));
        AssertOutput(3, "err", "three, err\n");
        AssertOutput(4, "out", "four, out\n");
        await AssertLogAsync(execution, lines: 3006);
        await AssertEventsAsync("StepStarting 1, StepEnded 1, StepStarting 2, StepEnded 2, StepStarting 3, StepEnded 3, StepStarting 4, StepEnded 4");
        await AssertNothingIsLeftAsync();
    }

    public async Task AssertCancelledAsync()
    {
        var execution = await EndedAsync();
        Assert.Equal(State.Cancelled, execution.State);
        Assert.Equal(
            [State.Cancelled, State.DidNotRun, State.DidNotRun, State.DidNotRun], execution.Steps.Select(step => step.State));
        Assert.Equal(["one"], Ran());
        AssertOutput(1, "out", "one, out\n");
        AssertOutput(1, "err", "one, err\n");
        var log = await AssertLogAsync(execution, lines: 2);
        Assert.Contains(log.Remarks, line => line.Contains("nothing of it is left", StringComparison.Ordinal));
        await AssertEventsAsync("StepStarting 1, StepEnded 1");
        await AssertNothingIsLeftAsync();
    }

    /// <summary>Ids go on, all is settled, and a stopped server leaves nothing.</summary>
    public async Task AssertNothingIsLeftAsync()
    {
        _home.Plan("set", "next", "<plan id=\"next\"></plan>\n<step name=\"s\">\ntrue\n</step>\n");
        await Survivor.DoAsync(async client =>
        {
            await client.KnowsAsync("set", "next");
            var next = await client.RunAsync("set", "next");
            Assert.Equal((_id + 1, State.Ok), (next.Id, next.State));
            return next;
        });
        await _home.SettledAsync();
        Assert.Equal(0, await Survivor.Server.StopAsync());
        await Remnants.GoneAsync(_home);
        Assert.Empty(_cgroup.Attempts);
    }

    /// <summary>The steps that ran, each time that they did.</summary>
    public string[] Ran() => File.Exists(RanFile) ? File.ReadAllLines(RanFile) : [];

    public async ValueTask DisposeAsync()
    {
        await Survivor.DisposeAsync();
        await _home.DisposeAsync();
        _cgroup.Dispose();
        Gate.Dispose();
    }

    private string RanFile => Path.Combine(_home.Directory, "ran");

    private string Runs(string step) => $"echo {step} >>{RanFile}";

    private void AssertOutput(int step, string stream, string expected) =>
        Assert.Equal(expected, File.ReadAllText(Path.Combine(_home.Log(_id), $"{step:000}-1.{stream}")));

    /// <summary>A follower gets the files' content, every line once, and remarks that tell the whole story.</summary>
    private async Task<ReadLog> AssertLogAsync(Execution execution, int lines)
    {
        var log = await Survivor.DoAsync(client => client.LogAsync(_id));
        Assert.Equal(execution.State, log.End);
        log.AssertEachLineOnce();
        Assert.Equal(lines, log.Lines - log.Remarks.Length);
        foreach (var step in execution.Steps)
        {
            AssertFollowed(step.Number, "out", log.Out(step.Number));
            AssertFollowed(step.Number, "err", log.Err(step.Number));
            Assert.Single(log.Remarks, line => line.Contains($"'{step.Name}' ended", StringComparison.Ordinal)
                || line.Contains($"'{step.Name}': Did not run", StringComparison.Ordinal));
        }

        Assert.Single(log.Remarks, line => line.StartsWith("----> Plan 'set/plan' accepted", StringComparison.Ordinal));
        Assert.Single(log.Remarks, line => line.StartsWith("----> Plan ended", StringComparison.Ordinal));
        Assert.Equal(File.ReadAllLines(Path.Combine(_home.Log(_id), "remarks")).Order(), log.Remarks.Order());
        return log;
    }

    private void AssertFollowed(uint step, string stream, string text)
    {
        var file = Path.Combine(_home.Log(_id), $"{step:000}-1.{stream}");
        Assert.Equal(File.Exists(file) ? File.ReadAllText(file) : "", text);
    }

    private async Task AssertEventsAsync(string expected)
    {
        var events = await Survivor.DoAsync(client => client.EventsAsync(_id));
        Assert.Single(events, happened => happened.Ended is not null);
        Assert.Single(events, happened => happened.Started is not null);
        var steps = events.Select(happened => happened switch
        {
            { StepStarting: { } starting } => $"StepStarting {starting.Step}",
            { StepEnded: { } ended } => $"StepEnded {ended.Step}",
            _ => "",
        });
        Assert.Equal(expected, string.Join(", ", steps.Where(text => text.Length > 0)));
    }
}
