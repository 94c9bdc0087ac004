using Hephaestus.Server.Supervision.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Supervision;

/// <summary>An attempt with what is held for it: a reading end of each FIFO, so that no byte is lost without a server.</summary>
internal sealed record HeldAttempt(Attempt Attempt, SafeFileHandle Status, SafeFileHandle Output, SafeFileHandle Error) : IDisposable
{
    /// <summary>Brings the state to the status file. Only a broken disk can refuse; then this process still knows it.</summary>
    public void Write()
    {
        try
        {
            StatusFile.Write(Status, Attempt);
        }
        catch (IOException)
        {
            // The server is told all the same, and again by whoever lists.
        }
    }

    public void Dispose()
    {
        Status.Dispose();
        Output.Dispose();
        Error.Dispose();
    }
}
