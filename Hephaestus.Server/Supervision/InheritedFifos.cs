using Hephaestus.Server.Supervision.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Supervision;

/// <summary>
/// A reading end of each FIFO of an attempt whose own supervisor has gone: should the server go too, the attempt waits
/// for the next one, as the others do, instead of being ended by SIGPIPE.
/// </summary>
internal sealed record InheritedFifos(SafeFileHandle Output, SafeFileHandle Error) : IDisposable
{
    /// <exception cref="IOException">One is not there, or there is no descriptor left.</exception>
    public static InheritedFifos Open(Hold hold)
    {
        var output = Opened(hold.OutFifo);
        try
        {
            return new InheritedFifos(output, Opened(hold.ErrFifo));
        }
        catch (IOException)
        {
            output.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Output.Dispose();
        Error.Dispose();
    }

    private static SafeFileHandle Opened(string path) => Libc.Open(path, Libc.O_RDONLY | Libc.O_NONBLOCK);
}
