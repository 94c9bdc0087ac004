using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reactive.Linq;
using System.Reactive.Threading.Tasks;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Logs;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Steps;

/// <summary>Runs attempts: has the supervisor start them, pumps their output, tells how they ended.</summary>
/// <param name="grace">Between SIGTERM and SIGKILL of a cancelled step.</param>
internal sealed class StepRunner(SupervisorClient supervisor, Pump pump, LogStore logs, TimeSpan grace)
{
    private readonly ConcurrentDictionary<StepKey, PumpedAttempt> _pumped = new();

    /// <summary>
    /// An attempt as a cold observable of its facts: subscribing starts it, or adopts it where it already runs;
    /// disposing detaches from it.
    /// </summary>
    public IObservable<ExecutionFact> Run(StepRun run, IObservable<CancelOrder> cancelled) =>
        Observable.Create<ExecutionFact>((facts, detach) => RunAsync(run, cancelled, facts, detach));
}
