using Hephaestus.Server.Facts;

namespace Hephaestus.Server.Executions;

/// <summary>
/// Whether executions are taken, and how many are just being taken: whoever waits for the end of all must not overlook
/// those. Not kept over a restart.
/// </summary>
internal sealed class Intake
{
    private readonly Lock _gate = new();

    /// <summary>To be read or awaited.</summary>
    public Latest<IntakeState> Current { get; } = new(default);

    /// <summary>Begins to take one in, until the result is disposed, whatever came of it.</summary>
    /// <exception cref="DrainingException">None are taken.</exception>
    public IDisposable Enter()
    {
        lock (_gate)
        {
            var state = Current.Value;
            if (state.Draining)
            {
                throw new DrainingException();
            }

            Current.Set(state with { Entering = state.Entering + 1 });
        }

        return System.Reactive.Disposables.Disposable.Create(Leave);
    }

    /// <summary>Takes none any more, or takes them again; false: that was so already.</summary>
    public bool Drain(bool draining)
    {
        lock (_gate)
        {
            var state = Current.Value;
            if (state.Draining == draining)
            {
                return false;
            }

            Current.Set(state with { Draining = draining });
            return true;
        }
    }

    private void Leave()
    {
        lock (_gate)
        {
            var state = Current.Value;
            Current.Set(state with { Entering = state.Entering - 1 });
        }
    }
}

/// <summary>How executions are taken at one moment.</summary>
/// <param name="Draining">None are.</param>
/// <param name="Entering">Are just being accepted, or refused.</param>
internal readonly record struct IntakeState(bool Draining, int Entering);

/// <summary>No executions are taken.</summary>
internal sealed class DrainingException() : Exception(
    "the server drains: it takes no executions until it is restarted, or somebody says hephaestus-cli drain --undo");
