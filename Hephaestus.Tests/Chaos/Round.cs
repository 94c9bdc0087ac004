using System.Diagnostics;
using System.Globalization;
using Grpc.Core;
using Hephaestus.Protocol;
using Hephaestus.Tests.Chaos.Acts;
using Hephaestus.Tests.Chaos.Checks;
using Hephaestus.Tests.Chaos.Observers;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Chaos;

/// <summary>One round: a server of its own, the acts of a scenario, and the checks of what came of them.</summary>
internal sealed class Round(Scenario scenario, Figures figures)
{
    /// <summary>For all of it; only a failure takes this long.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(6);

    private readonly Failures _failures = new();
    private string _waits = "";

    /// <summary>What is done to the files of the stopped server before they are checked: by those who check the checks.</summary>
    public Action<ServerHome>? Falsify { get; init; }

    /// <summary>What went wrong; and where the files are, if anything did.</summary>
    public async Task<(IReadOnlyCollection<string> Failures, string? Kept)> RunAsync(CancellationToken interrupted)
    {
        await using var disk = scenario.IsOnSmallDisk ? await RoundDisk.MountAsync() : null;
        var home = new ServerHome([.. scenario.Configuration]);
        if (disk is not null)
        {
            home.MoveState(disk.State);
        }

        await using var stage = new Stage(home);
        Directory.CreateDirectory(Path.Combine(home.Directory, Plans.Script.Witness));
        await RunAsync(stage, disk, interrupted);

        // Whoever interrupts by a terminal interrupts the servers too.
        return interrupted.IsCancellationRequested
            ? ([], null)
            : (_failures.Found, _failures.Found.Count > 0 ? Keep(stage) : null);
    }

    private async Task RunAsync(Stage stage, RoundDisk? disk, CancellationToken interrupted)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(interrupted);
        patience.CancelAfter(s_patience);
        try
        {
            await PlayAsync(stage, disk, patience.Token);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            _failures.Add($"the round was not over within {s_patience.TotalMinutes} minutes; it waited for {_waits}");
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            _failures.Add(fault.ToString());
        }
    }

    private async Task PlayAsync(Stage stage, RoundDisk? disk, CancellationToken patience)
    {
        var asking = new Asking(stage, patience);
        using var audience = new Audience(scenario, stage, patience);
        var work = new Work(scenario, stage, asking) { Accepted = audience.Follow };
        work.WritePlans();
        await stage.StartAsync();
        var fresh = Holdings.Of((await stage.UpAsync(patience)).Pid);

        _waits = "the ends of its acts";
        var trouble = new Trouble(scenario, stage, asking, disk, audience.Drop);
        await Task.WhenAll(work.RunAsync(patience), trouble.RunAsync(figures, patience));
        await work.CancelEndlessAsync();
        _waits = "the ends of its executions";
        await audience.EndedAsync(work.Wishes.Where(wish => wish.Id != 0).Select(wish => wish.Id));
        _waits = "the files of running attempts to go";
        await stage.Home.SettledAsync();
        _waits = "followers and watchers to come to the end";
        await audience.SatisfiedAsync((await SnapshotAsync(asking)).Sequence);
        await audience.LeaveAsync();

        _waits = "all logs to be read";
        var logs = await LogsAsync(stage, work, patience);
        var shown = await ShownAsync(stage, audience, patience);
        _waits = "the server to let go of what it held, and to stop";
        await GoneAsync(stage, fresh, patience);
        Falsify?.Invoke(stage.Home);
        var evidence = Gathered(stage, work, audience, logs, shown);
        Check(evidence);
        if (scenario.KeptInTheEnd is { } kept)
        {
            await new RetentionCheck(stage, evidence, asking, _failures).RunAsync(kept);
        }
    }

    private static async Task<ExecutionSnapshot> SnapshotAsync(Asking asking) => await asking.FirstAsync(
        (calls, options) => calls.WatchExecutions(new WatchExecutionsRequest(), options), update => update.Snapshot);

    /// <summary>All logs from beginning to end, now that nothing is added any more.</summary>
    private async Task<Dictionary<uint, DeliveredLog>> LogsAsync(Stage stage, Work work, CancellationToken patience)
    {
        var logs = new Dictionary<uint, DeliveredLog>();
        using var board = new Switchboard();
        foreach (var wish in work.Wishes.Where(wish => wish.Id != 0))
        {
            var follower = new LogFollower(wish.Id, stage, board, Dice.Of(scenario.Seed, scenario.Round, -wish.Number));
            await follower.RunAsync(patience);
            logs[wish.Id] = follower.Log;
        }

        return logs;
    }

    private static async Task<Dictionary<uint, string>> ShownAsync(Stage stage, Audience audience, CancellationToken patience)
    {
        var shown = new Dictionary<uint, string>();
        foreach (var id in audience.CliFollowers.Select(follower => follower.Execution))
        {
            var server = await stage.UpAsync(patience);
            shown[id] = (await CliProcess.RunAsync(server, "status", "--id", id.ToString(CultureInfo.InvariantCulture))).Out;
        }

        return shown;
    }

    /// <summary>The server holds what a fresh one does, and when it has stopped nothing is left.</summary>
    private async Task GoneAsync(Stage stage, Holdings fresh, CancellationToken patience)
    {
        var server = await stage.UpAsync(patience);
        while (Holdings.Of(server.Pid).Beyond(fresh) is { Length: > 0 } more)
        {
            if (patience.IsCancellationRequested)
            {
                _failures.Add($"the server holds more than when it was fresh: {more}");
                break;
            }

            await Task.Delay(100, CancellationToken.None);
        }

        await stage.StopAsync();
        await Remnants.GoneAsync(stage.Home);
        foreach (var error in stage.Errors.Where(IsFault))
        {
            _failures.Unless(
                scenario.IsOnSmallDisk && error.Contains("space", StringComparison.OrdinalIgnoreCase),
                $"a server said: {error}");
        }
    }

    private static bool IsFault(string said) =>
        said.StartsWith("crit", StringComparison.Ordinal) || said.StartsWith("fail", StringComparison.Ordinal);

    private Evidence Gathered(
        Stage stage, Work work, Audience audience, Dictionary<uint, DeliveredLog> logs, Dictionary<uint, string> shown)
    {
        var journal = ReadJournal.Open(Path.Combine(stage.Home.State, "journal.db"));
        Wish[] wishes = [.. work.Wishes];
        Story[] stories = [.. Evidence.Told(scenario, stage.Home, wishes, journal, _failures)];
        return new Evidence(
            scenario,
            stage.Home,
            stage.Chronicle,
            wishes,
            journal,
            stories,
            audience.Watchers,
            audience.Followers,
            audience.CliFollowers,
            logs,
            shown);
    }

    private void Check(Evidence evidence)
    {
        var (witness, allowance) = (new Witness(evidence.Home), new Allowance(evidence.Chronicle));
        var outcomes = new OutcomeCheck(witness, allowance, _failures);
        var outputs = new OutputCheck(evidence.Home, witness, allowance, figures, _failures);
        var followers = new FollowerCheck(evidence, figures, _failures);
        foreach (var story in evidence.Stories)
        {
            figures.Tell(story);
            CourseCheck.Check(story, evidence.Stories, _failures);
            WitnessCheck.Check(story, witness, _failures);
            RemarkCheck.Check(story, evidence.Home, _failures);
            followers.Check(story);
            new IndexCheck(story, evidence.Home, evidence.Logs[story.Id], _failures).Check();
            foreach (var attempt in story.Attempts)
            {
                outcomes.Check(attempt);
                outputs.Check(attempt);
            }
        }

        WishCheck.Check(evidence, _failures);
        TurnCheck.Check(evidence, _failures);
        EventCheck.Check(evidence, figures, _failures);
        figures.Followers += evidence.Followers.Count + evidence.CliFollowers.Count;
        figures.Connections += evidence.Followers.Sum(follower => follower.Connections);
    }

    /// <summary>Copies all that there is of a failed round to where it stays.</summary>
    private string Keep(Stage stage)
    {
        var kept = Directory.CreateTempSubdirectory($"hephaestus-chaos-{scenario.Seed}-{scenario.Round}-").FullName;
        using (var copying = Process.Start("cp", ["-a", stage.Home.Directory + "/.", stage.Home.State, kept]))
        {
            copying.WaitForExit();
        }

        File.WriteAllText(Path.Combine(kept, "scenario.txt"), scenario.ToString());
        File.WriteAllText(Path.Combine(kept, "servers.txt"), stage.Said);
        File.WriteAllText(Path.Combine(kept, "chronicle.txt"), stage.Chronicle.ToString());
        File.WriteAllLines(Path.Combine(kept, "failures.txt"), _failures.Found);
        return kept;
    }
}
