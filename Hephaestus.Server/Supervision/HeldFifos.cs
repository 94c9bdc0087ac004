using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Supervision;

/// <summary>
/// An attempt's FIFOs in the server's hands, from before there is a process until they are pumped: should its supervisor
/// be killed while it starts that, the process writes to somebody all the same, and no byte is lost.
/// </summary>
internal sealed class HeldFifos(HeldFiles files) : IDisposable
{
    private SafeFileHandle? _output;
    private SafeFileHandle? _error;

    /// <summary>Makes what is not there, and holds both. Can be repeated.</summary>
    /// <exception cref="IOException">There is no space, or no descriptor; HResult is the errno.</exception>
    public void Hold()
    {
        _output ??= Opened(files.OutFifo);
        _error ??= Opened(files.ErrFifo);
    }

    public void Dispose()
    {
        _output?.Dispose();
        _error?.Dispose();
    }

    private static SafeFileHandle Opened(string path)
    {
        Libc.MakeFifo(path);
        return Libc.Open(path, Libc.O_RDONLY | Libc.O_NONBLOCK, DescriptorUse.Step);
    }
}
