using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reactive;
using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Reactive.Subjects;

namespace Hephaestus.Server.Executions;

/// <summary>Makes facts durable and gives them back as events; one element, then completion.</summary>
internal delegate IObservable<ImmutableArray<ExecutionEvent>> Commit(ImmutableArray<ExecutionFact> facts);

/// <summary>
/// An attempt as a cold observable of its facts: subscribing starts it, or adopts it where it already runs; disposing
/// detaches. It ends with <see cref="ExecutionFact.StepEnded"/>.
/// </summary>
/// <param name="cancelled">Gives the order to cancel, also to who subscribes after it was given.</param>
internal delegate IObservable<ExecutionFact> RunAttempt(AttemptKey attempt, IObservable<CancelOrder> cancelled);

/// <summary>
/// One execution as an observable chain of its steps. Facts come in (from attempts and from callers), each is committed
/// together with what came meanwhile and with what follows from it, and only then do the attempts that it starts begin: one
/// commit says "step N ended" and "step N+1 is about to start".
/// </summary>
/// <param name="course">What follows from a state.</param>
/// <param name="scheduler">
/// Where facts are taken up. They leave their producers' threads and locks there; at most four for each attempt and one
/// for each request wait.
/// </param>
/// <param name="patience">
/// For so long a process's id waits for another fact to be committed with: a short step costs one commit.
/// </param>
internal sealed class ExecutionChain(Commit commit, RunAttempt run, Course course, IScheduler scheduler, TimeSpan patience = default)
{
    /// <summary>
    /// Runs from a state on to the end: each element is the state after a commit, the last one has ended. What ran when
    /// the state was left is adopted.
    /// </summary>
    public IObservable<ExecutionState> Run(ExecutionState initial, IObservable<ExecutionFact> requests) => Observable.Defer(() =>
    {
        var state = initial;
        var starts = new Subject<AttemptKey>();
        var cancelled = new AsyncSubject<CancelOrder>();
        var begun = new HashSet<AttemptKey>();
        var wakes = new Subject<DateTimeOffset>();

        var attemptFacts = starts.SelectMany(attempt => run(attempt, cancelled));
        var happened = new ConcurrentQueue<ExecutionFact>();
        var news = attemptFacts.Merge(requests).ObserveOn(scheduler).Do(happened.Enqueue).SelectMany(fact => Due(fact, happened));
        var retriesDue = wakes.Select(at => Observable.Timer(at, scheduler)).Switch().Select(_ => Unit.Default);

        // Merge and not StartWith: facts must be subscribed to before the first state starts an attempt.
        var states = news.Merge(retriesDue).Merge(Observable.Return(Unit.Default))
            .Select(_ => Observable.Defer(() => Committed(state, Taken(happened))))
            .Concat();
        return states.Do(Follow).TakeUntil(next => next.HasEnded);

        void Follow(ExecutionState next)
        {
            state = next;
            Signal(next.Cancel, cancelled);
            foreach (var attempt in Running(next).Where(begun.Add))
            {
                starts.OnNext(attempt);
            }

            if (course.Wake(next) is { } at)
            {
                wakes.OnNext(at);
            }
        }
    });

    /// <summary>When a fact is to be committed; never, if another takes it along before.</summary>
    private IObservable<Unit> Due(ExecutionFact fact, ConcurrentQueue<ExecutionFact> happened) =>
        fact is ExecutionFact.StepStarted && patience > TimeSpan.Zero
            ? Observable.Timer(patience, scheduler).Where(_ => happened.Contains(fact)).Select(_ => Unit.Default)
            : Observable.Return(Unit.Default);

    /// <summary>All that has come by now; of those that came during a commit the first takes the others along.</summary>
    private static ImmutableArray<ExecutionFact> Taken(ConcurrentQueue<ExecutionFact> happened)
    {
        var taken = ImmutableArray.CreateBuilder<ExecutionFact>();
        while (happened.TryDequeue(out var fact))
        {
            taken.Add(fact);
        }

        return taken.ToImmutable();
    }

    private IObservable<ExecutionState> Committed(ExecutionState state, ImmutableArray<ExecutionFact> happened)
    {
        var facts = happened.AddRange(course.Next(state.Assuming(happened, scheduler.Now), scheduler.Now));
        return facts.IsEmpty ? Observable.Return(state) : commit(facts).Select(state.Apply);
    }

    private static IEnumerable<AttemptKey> Running(ExecutionState state) =>
        state.Steps.Where(step => step.State == State.Running).Select(step => new AttemptKey(step.Number, step.Attempts));

    private static void Signal(CancelOrder? order, AsyncSubject<CancelOrder> cancelled)
    {
        if (order is not null)
        {
            cancelled.OnNext(order);
            cancelled.OnCompleted();
        }
    }
}
