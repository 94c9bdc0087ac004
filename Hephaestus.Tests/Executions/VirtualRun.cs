using System.Collections.Immutable;
using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Reactive.Subjects;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Plans;

namespace Hephaestus.Tests.Executions;

/// <summary>Runs an execution in virtual time, without any process: each attempt takes a second, or ends when cancelled.</summary>
internal sealed class VirtualRun
{
    private static readonly TimeSpan s_stepTime = TimeSpan.FromSeconds(1);

    private readonly HistoricalScheduler _scheduler = new(DateTimeOffset.UnixEpoch);
    private readonly Subject<ExecutionFact> _requests = new();
    private readonly Func<AttemptKey, State> _ending;
    private ImmutableArray<ExecutionEvent> _journal;

    public VirtualRun(IEnumerable<StepOutline> steps, Func<AttemptKey, State> ending, Course? course = null, TimeSpan patience = default)
        : this([Event(1, new ExecutionFact.Accepted("set", "plan", "tag", [.. steps], [])), Event(2, new ExecutionFact.Started())], ending, course, patience)
    {
    }

    public VirtualRun(ImmutableArray<ExecutionEvent> journal, Func<AttemptKey, State> ending, Course? course = null, TimeSpan patience = default)
    {
        (_journal, _ending) = (journal, ending);
        var chain = new ExecutionChain(Commit, Attempt, course ?? Course.InFileOrder, _scheduler, patience);
        chain.Run(ExecutionFold.Of(journal), _requests).Subscribe(States.Add, Errors.Add, () => Completed = true);
    }

    public List<ExecutionState> States { get; } = [];

    public List<Exception> Errors { get; } = [];

    public bool Completed { get; private set; }

    /// <summary>Attempts that were subscribed to, with their virtual times in seconds.</summary>
    public List<(AttemptKey Attempt, double At)> Begun { get; } = [];

    public List<ImmutableArray<ExecutionFact>> Commits { get; } = [];

    /// <summary>How long a commit takes.</summary>
    public TimeSpan CommitTime { get; init; }

    public ImmutableArray<ExecutionEvent> Journal => _journal;

    public int Detached { get; private set; }

    public static StepOutline Step(int number, int parent = 0, StepKind kind = StepKind.Step) =>
        new(number, kind, $"s{number}", "", parent);

    public VirtualRun CancelAt(double seconds)
    {
        _scheduler.ScheduleAbsolute(DateTimeOffset.UnixEpoch.AddSeconds(seconds), () =>
            _requests.OnNext(new ExecutionFact.CancelRequested("someone", "")));
        return this;
    }

    public ExecutionState ToEnd()
    {
        _scheduler.Start();
        Assert.Empty(Errors);
        Assert.True(Completed);
        return States[^1];
    }

    private static ExecutionEvent Event(long sequence, ExecutionFact fact) =>
        new(sequence, 7, "set", "plan", DateTimeOffset.UnixEpoch, fact);

    private IObservable<ImmutableArray<ExecutionEvent>> Commit(ImmutableArray<ExecutionFact> facts)
    {
        Commits.Add(facts);
        ImmutableArray<ExecutionEvent> events =
            [.. facts.Select((fact, index) => Event(_journal[^1].Sequence + 1 + index, fact) with { Time = _scheduler.Now })];
        _journal = _journal.AddRange(events);
        return Observable.Timer(CommitTime, _scheduler).Select(_ => events);
    }

    private IObservable<ExecutionFact> Attempt(AttemptKey attempt, IObservable<CancelOrder> cancelled) => Observable.Defer(() =>
    {
        Begun.Add((attempt, (_scheduler.Now - DateTimeOffset.UnixEpoch).TotalSeconds));
        var ended = Observable.Timer(s_stepTime, _scheduler).Select(_ => Ended(attempt, _ending(attempt)));
        var cancel = cancelled.Select(_ => Ended(attempt, State.Cancelled));
        var ends = ended.Merge(cancel).Take(1);
        return ends.StartWith(_scheduler, new ExecutionFact.StepStarted(attempt.Step, attempt.Attempt, 100 + attempt.Step))
            .Finally(() => Detached++);
    });

    private ExecutionFact Ended(AttemptKey attempt, State state) =>
        new ExecutionFact.StepEnded(attempt.Step, attempt.Attempt, new Outcome(state, Cause.Exited, 0, null, ""), 0, 0, _scheduler.Now);
}
