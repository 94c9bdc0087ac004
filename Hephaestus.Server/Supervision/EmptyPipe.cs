using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Supervision;

/// <summary>A pipe that nothing stays in: what is found out of another one needs one, and each step is asked about some times. Thread-safe.</summary>
internal sealed class EmptyPipe : IDisposable
{
    private readonly (SafeFileHandle Reader, SafeFileHandle Writer) _ends = Libc.Pipe();

    /// <summary>
    /// Whether bytes wait in a pipe or somebody can still write some, found out without taking any: poll would not tell
    /// whoever opened a FIFO after its last writer had gone.
    /// </summary>
    public bool IsOpen(SafeFileHandle pipe)
    {
        var copied = Libc.CopyOne(pipe, _ends.Writer);
        if (copied > 0)
        {
            Libc.Read(_ends.Reader, stackalloc byte[1]);
        }

        return copied != 0;
    }

    public void Dispose()
    {
        _ends.Reader.Dispose();
        _ends.Writer.Dispose();
    }
}
