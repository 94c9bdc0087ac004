using Hephaestus.Tests.Chaos.Acts;
using Hephaestus.Tests.Chaos.Observers;

namespace Hephaestus.Tests.Chaos;

/// <summary>All who watch and follow in a round.</summary>
internal sealed class Audience : IDisposable
{
    /// <summary>The dice of the first watcher; those of others follow.</summary>
    private const int Part = 1000;

    private const int FollowersOfEach = 2;

    private readonly Scenario _scenario;
    private readonly Stage _stage;
    private readonly CancellationToken _patience;
    private readonly CancellationTokenSource _over;
    private readonly Switchboard _board = new();
    private readonly Lock _gate = new();
    private readonly List<LogFollower> _followers = [];
    private readonly List<CliFollower> _cliFollowers = [];
    private readonly List<(string Who, Task Task)> _following = [];
    private readonly Task _watching;

    public Audience(Scenario scenario, Stage stage, CancellationToken patience)
    {
        (_scenario, _stage, _patience) = (scenario, stage, patience);
        _over = CancellationTokenSource.CreateLinkedTokenSource(patience);
        Watchers = [new(stage, _board, DiceOf(0)), new(stage, _board, DiceOf(1))];
        _watching = Task.WhenAll(Watchers.Select(watcher => watcher.RunAsync(_over.Token)));
    }

    public IReadOnlyList<EventWatcher> Watchers { get; }

    public IReadOnlyList<LogFollower> Followers => _followers;

    public IReadOnlyList<CliFollower> CliFollowers => _cliFollowers;

    /// <summary>Breaks all connections.</summary>
    public void Drop() => _board.BreakAll();

    /// <summary>Has followers of its own for an execution that was accepted.</summary>
    public void Follow(Wish wish)
    {
        lock (_gate)
        {
            for (var which = 0; which < FollowersOfEach; which++)
            {
                var follower = new LogFollower(wish.Id, _stage, _board, DiceOf((wish.Number * 10) + which));
                _followers.Add(follower);
                _following.Add(($"follower {which} of execution {wish.Id}", Task.Run(() => follower.RunAsync(_patience))));
            }

            if (wish.Number % 3 == 1)
            {
                var follower = new CliFollower(wish.Id, _stage);
                _cliFollowers.Add(follower);
                _following.Add(($"the command line's follower of execution {wish.Id}", Task.Run(() => follower.RunAsync(_patience))));
            }
        }
    }

    /// <summary>Completes when all executions have ended as far as the watchers were told.</summary>
    public Task EndedAsync(IEnumerable<uint> ids)
    {
        var wanted = ids.ToHashSet();
        return Task.WhenAll(Watchers.Select(watcher => watcher.UntilAsync(
            events => wanted.IsSubsetOf(events.Where(happened => happened.Ended is not null).Select(happened => happened.Id)), _patience)));
    }

    /// <summary>Completes when watchers were told of all up to an event, and followers are at their ends.</summary>
    public async Task SatisfiedAsync(ulong sequence)
    {
        foreach (var watcher in Watchers)
        {
            await watcher.UntilAsync(events => (events.LastOrDefault()?.Sequence ?? 0) >= sequence, _patience);
        }

        foreach (var (who, task) in _following)
        {
            try
            {
                await task;
            }
            catch (OperationCanceledException cancelled)
            {
                throw new TimeoutException($"{who} has not come to its end", cancelled);
            }
        }
    }

    /// <summary>The watchers, who would watch for ever, go.</summary>
    public async Task LeaveAsync()
    {
        await _over.CancelAsync();
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose()
    {
        _over.Dispose();
        _board.Dispose();
    }

    private Dice DiceOf(int which) => Dice.Of(_scenario.Seed, _scenario.Round, Part + which);
}
