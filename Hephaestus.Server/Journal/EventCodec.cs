using System.Collections.Immutable;
using System.Diagnostics;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Plans;
using Wire = Hephaestus.Protocol;

namespace Hephaestus.Server.Journal;

/// <summary>
/// Events as the domain knows them and as they are stored and sent. Both ways lose nothing but what is shorter than a
/// microsecond.
/// </summary>
internal static class EventCodec
{
    /// <summary>The event as it is stored and sent.</summary>
    /// <exception cref="ArgumentException">An outcome with exit code and signal, or a parent that is no earlier step.</exception>
    /// <exception cref="OverflowException">A negative number.</exception>
    public static Wire.ExecutionEvent ToMessage(ExecutionEvent happened)
    {
        var message = ToMessage(happened.Fact);
        Complete(message, happened);
        return message;
    }

    /// <summary>A fact whose place in the journal is not known yet; see <see cref="Complete"/>.</summary>
    public static Wire.ExecutionEvent ToMessage(ExecutionFact fact) => fact switch
    {
        ExecutionFact.Accepted f => new() { Accepted = Accepted(f) },
        ExecutionFact.Started => new() { Started = new() },
        ExecutionFact.StepStarting f => new() { StepStarting = new() { Step = Number(f.Step), Attempt = Number(f.Attempt) } },
        ExecutionFact.StepStarted f => new()
        {
            StepStarted = new() { Step = Number(f.Step), Attempt = Number(f.Attempt), Pid = Number(f.Pid) },
        },
        ExecutionFact.StepEnded f => new() { StepEnded = StepEnded(f) },
        ExecutionFact.StepSkipped f => new() { StepSkipped = new() { Step = Number(f.Step) } },
        ExecutionFact.CancelRequested f => new() { CancelRequested = new() { By = f.By, Reason = f.Reason } },
        ExecutionFact.Remark f => new() { Remark = new() { Text = f.Text, Error = f.Error } },
        ExecutionFact.TimedOut f => new() { TimedOut = new() { Timeout = Duration.FromTimeSpan(f.Timeout) } },
        ExecutionFact.Ended f => new() { Ended = new() { State = f.State } },
        ExecutionFact.Dumped f => new() { Dumped = new() { File = f.File } },
        _ => throw new UnreachableException($"no wire form of {fact.GetType().Name}"),
    };

    /// <summary>Adds what the journal knows.</summary>
    public static void Complete(Wire.ExecutionEvent message, ExecutionEvent happened)
    {
        message.Sequence = checked((ulong)happened.Sequence);
        message.Id = happened.Execution;
        message.Set = happened.Set;
        message.Plan = happened.Plan;
        message.Time = Time(happened.Time);
    }

    /// <summary>The event that was stored.</summary>
    /// <exception cref="JournalException">No event that this program knows: the journal is damaged.</exception>
    public static ExecutionEvent FromMessage(Wire.ExecutionEvent message) => new(
        checked((long)message.Sequence), message.Id, message.Set, message.Plan, message.Time.ToDateTimeOffset(), Fact(message));

    private static ExecutionFact Fact(Wire.ExecutionEvent m) => m.EventCase switch
    {
        Wire.ExecutionEvent.EventOneofCase.Accepted =>
            new ExecutionFact.Accepted(m.Set, m.Plan, m.Accepted.TagId, Outlines(m.Accepted.Steps), Parameters(m.Accepted.Parameters))
            {
                By = m.Accepted.By,
                Resumes = m.Accepted.Resumes,
                Kept = [.. m.Accepted.Steps.Where(step => step.Outcome is not null).Select(Kept)],
            },
        Wire.ExecutionEvent.EventOneofCase.Started => new ExecutionFact.Started(),
        Wire.ExecutionEvent.EventOneofCase.StepStarting =>
            new ExecutionFact.StepStarting((int)m.StepStarting.Step, (int)m.StepStarting.Attempt),
        Wire.ExecutionEvent.EventOneofCase.StepStarted =>
            new ExecutionFact.StepStarted((int)m.StepStarted.Step, (int)m.StepStarted.Attempt, (int)m.StepStarted.Pid),
        Wire.ExecutionEvent.EventOneofCase.StepEnded => StepEnded(m.StepEnded),
        Wire.ExecutionEvent.EventOneofCase.StepSkipped => new ExecutionFact.StepSkipped((int)m.StepSkipped.Step),
        Wire.ExecutionEvent.EventOneofCase.CancelRequested =>
            new ExecutionFact.CancelRequested(m.CancelRequested.By, m.CancelRequested.Reason),
        Wire.ExecutionEvent.EventOneofCase.Remark => new ExecutionFact.Remark(m.Remark.Text, m.Remark.Error),
        Wire.ExecutionEvent.EventOneofCase.TimedOut => new ExecutionFact.TimedOut(m.TimedOut.Timeout.ToTimeSpan()),
        Wire.ExecutionEvent.EventOneofCase.Ended => new ExecutionFact.Ended(m.Ended.State),
        Wire.ExecutionEvent.EventOneofCase.Dumped => new ExecutionFact.Dumped(m.Dumped.File),
        _ => throw new JournalException($"event {m.Sequence} of the journal is of no known kind; restore it from a backup"),
    };

    private static Wire.ExecutionEvent.Types.Accepted Accepted(ExecutionFact.Accepted fact)
    {
        var message = new Wire.ExecutionEvent.Types.Accepted { TagId = fact.TagId, Resumes = fact.Resumes, By = fact.By };
        AddTo(message.Parameters, fact.Parameters);
        var names = new Dictionary<int, string> { [0] = "" };
        foreach (var step in fact.Steps)
        {
            message.Steps.Add(new Wire.StepState
            {
                Number = Number(step.Number),
                Name = step.Name,
                Desc = step.Description,
                Type = step.Kind == StepKind.Recovery ? "recovery" : "step",
                Parent = names.TryGetValue(step.Parent, out var parent)
                    ? parent
                    : throw new ArgumentException($"step {step.Number}: its parent {step.Parent} is no earlier step"),
                State = State.Pending,
            });
            names[step.Number] = step.Name;
        }

        foreach (var kept in fact.Kept)
        {
            var step = message.Steps[kept.Step - 1];
            (step.State, step.Outcome) = (kept.Outcome.State, ToMessage(kept.Outcome));
            (step.Started, step.Ended) = (Time(kept.Started), Time(kept.Ended));
        }

        return message;
    }

    private static KeptStep Kept(Wire.StepState step) => new(
        (int)step.Number, FromMessage(step.Outcome), step.Started.ToDateTimeOffset(), step.Ended.ToDateTimeOffset());

    /// <summary>Parameters as they are sent.</summary>
    public static void AddTo(MapField<string, string> message, ImmutableArray<Variable> parameters)
    {
        foreach (var parameter in parameters)
        {
            message[parameter.Name] = parameter.Value;
        }
    }

    /// <summary>Parameters that were sent or stored, by name.</summary>
    public static ImmutableArray<Variable> Parameters(MapField<string, string> message) =>
        [.. message.Select(each => new Variable(each.Key, each.Value)).OrderBy(parameter => parameter.Name, StringComparer.Ordinal)];

    /// <summary>What steps are, whatever became of them.</summary>
    public static ImmutableArray<StepOutline> Outlines(IReadOnlyCollection<Wire.StepState> steps)
    {
        var outlines = ImmutableArray.CreateBuilder<StepOutline>(steps.Count);
        var numbers = new Dictionary<string, int> { [""] = 0 };
        foreach (var step in steps)
        {
            var kind = step.Type == "recovery" ? StepKind.Recovery : StepKind.Step;
            outlines.Add(new StepOutline((int)step.Number, kind, step.Name, step.Desc, numbers[step.Parent]));
            numbers[step.Name] = (int)step.Number;
        }

        return outlines.MoveToImmutable();
    }

    private static Wire.ExecutionEvent.Types.StepEnded StepEnded(ExecutionFact.StepEnded fact) => new()
    {
        Step = Number(fact.Step),
        Attempt = Number(fact.Attempt),
        Outcome = ToMessage(fact.Outcome),
        OutBytes = checked((ulong)fact.OutBytes),
        ErrBytes = checked((ulong)fact.ErrBytes),
        Time = Time(fact.Time),
    };

    private static ExecutionFact.StepEnded StepEnded(Wire.ExecutionEvent.Types.StepEnded m) => new(
        (int)m.Step, (int)m.Attempt, FromMessage(m.Outcome), (long)m.OutBytes, (long)m.ErrBytes, m.Time.ToDateTimeOffset());

    /// <summary>An outcome as it is sent.</summary>
    /// <exception cref="ArgumentException">It has exit code and signal.</exception>
    public static Wire.Outcome ToMessage(Outcome outcome)
    {
        var message = new Wire.Outcome { State = outcome.State, Cause = outcome.Cause, Reason = outcome.Reason };
        switch (outcome.ExitCode, outcome.Signal)
        {
            case (null, null):
                break;
            case ({ } code, null):
                message.ExitCode = code;
                break;
            case (null, { } signal):
                message.Signal = signal;
                break;
            default:
                throw new ArgumentException("a process ends by an exit code or by a signal, not by both", nameof(outcome));
        }

        return message;
    }

    /// <summary>The outcome that was stored.</summary>
    public static Outcome FromMessage(Wire.Outcome m) => new(
        m.State, m.Cause, m.HasExitCode ? m.ExitCode : null, m.HasSignal ? m.Signal : null, m.Reason);

    private static Timestamp Time(DateTimeOffset time) => Timestamp.FromDateTimeOffset(Micros.Truncate(time));

    private static uint Number(int number) => checked((uint)number);
}
