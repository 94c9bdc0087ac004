namespace Hephaestus.Server.Logs;

/// <summary>An attempt whose output is pumped.</summary>
internal sealed class PumpedAttempt
{
    private readonly PumpedSource _output;
    private readonly PumpedSource _error;

    internal PumpedAttempt(PumpedSource output, PumpedSource error)
    {
        (_output, _error) = (output, error);
        Finished = FinishedAsync();
    }

    /// <summary>
    /// Nobody can write any more, or late output has been waited for long enough: everything is in the files and the FIFOs
    /// are closed here. Cancelled when the pump stops before.
    /// </summary>
    public Task<LateOutput> Finished { get; }

    /// <summary>Why its output waits in a FIFO at this moment; null: it does not. Any thread may ask.</summary>
    public string? Stall => _output.Stall ?? _error.Stall;

    /// <summary>
    /// To be called when the process has ended: completes when all that it printed is in the files and the index. Its last
    /// lines are complete then, with or without a newline. Cancelled when the pump stops before.
    /// </summary>
    public async Task<OutputLengths> DrainAsync()
    {
        var (output, error) = (_output.DrainAsync(), _error.DrainAsync());
        return new OutputLengths(await output, await error);
    }

    private async Task<LateOutput> FinishedAsync()
    {
        var (output, error) = (await _output.Finished, await _error.Finished);
        return new LateOutput(output.StillHeld || error.StillHeld, output.Bytes + error.Bytes);
    }
}
