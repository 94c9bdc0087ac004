using Hephaestus.Cli.Output;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Watching;

/// <summary>How far one execution is, as a fold over what its watch gives.</summary>
internal sealed class ExecutionProgress
{
    private readonly SortedDictionary<uint, StepState> _steps = [];
    private State _state = State.Unspecified;

    /// <summary>Takes the next update of the execution's watch.</summary>
    public void Take(ExecutionUpdate update)
    {
        if (update.Snapshot?.Executions is [var execution, ..])
        {
            _state = execution.State;
            Begin(execution.Steps);
        }
        else if (update.Event is { } happened)
        {
            Take(happened);
        }
    }

    /// <summary>Which step runs, since when, how many are left; null: there is nothing to say.</summary>
    public Progress? Now => _state switch
    {
        State.Queued => new Progress("waits for its turn", null, ""),
        State.Running => Running([.. _steps.Values.Where(step => step.State == State.Running)]),
        _ => null,
    };

    private Progress? Running(StepState[] running)
    {
        if (running.Length == 0)
        {
            return null;
        }

        var names = string.Join(", ", running.Select(step => $"'{step.Name}'"));
        var place = running.Length == 1 ? $"step {running[0].Number} of {_steps.Count} " : "steps ";
        var left = _steps.Values.Count(step => step.State == State.Pending);
        var since = running.Min(step => step.Started)?.ToDateTimeOffset();
        return new Progress(place + names, since, $", {(left == 0 ? "none" : left)} left");
    }

    private void Take(ExecutionEvent happened)
    {
        switch (happened.EventCase)
        {
            case ExecutionEvent.EventOneofCase.Accepted:
                _state = State.Queued;
                Begin(happened.Accepted.Steps);
                break;
            case ExecutionEvent.EventOneofCase.Started:
                _state = State.Running;
                break;
            case ExecutionEvent.EventOneofCase.StepStarting:
                var step = Step(happened.StepStarting.Step);
                (step.State, step.Started) = (State.Running, happened.Time);
                break;
            case ExecutionEvent.EventOneofCase.StepEnded:
                Step(happened.StepEnded.Step).State = happened.StepEnded.Outcome?.State ?? State.Unspecified;
                break;
            case ExecutionEvent.EventOneofCase.StepSkipped:
                Step(happened.StepSkipped.Step).State = State.DidNotRun;
                break;
            case ExecutionEvent.EventOneofCase.Ended:
                _state = happened.Ended.State;
                break;
        }
    }

    private void Begin(IEnumerable<StepState> steps)
    {
        _steps.Clear();
        foreach (var step in steps)
        {
            _steps[step.Number] = step.Clone();
        }
    }

    private StepState Step(uint number) =>
        _steps.TryGetValue(number, out var step) ? step : _steps[number] = new StepState { Number = number, Name = $"{number}" };
}

/// <summary>What an execution is at.</summary>
/// <param name="Since">When it began; null: that is not worth telling.</param>
/// <param name="Rest">What is to come.</param>
internal sealed record Progress(string What, DateTimeOffset? Since, string Rest)
{
    /// <summary>In one line, at a time.</summary>
    public string At(DateTimeOffset now) =>
        Since is { } since ? $"{What} runs for {Durations.Text(now < since ? TimeSpan.Zero : now - since)}{Rest}" : What + Rest;
}
