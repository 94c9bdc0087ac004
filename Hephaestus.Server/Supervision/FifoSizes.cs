using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Supervision;

/// <summary>
/// What larger FIFOs may cost together: 32 MiB, half of what an unprivileged user gets. More of them hold what the kernel
/// gives, 64 KiB as a rule. Thread-safe.
/// </summary>
internal sealed class FifoSizes
{
    private const int Bytes = 256 * 1024;
    private const int MostEnlarged = 128;

    private readonly Lock _gate = new();
    private readonly HashSet<SafeFileHandle> _enlarged = [];

    public void Enlarge(SafeFileHandle fifo)
    {
        lock (_gate)
        {
            if (_enlarged.Count < MostEnlarged && Libc.Enlarge(fifo, Bytes) > 0)
            {
                _enlarged.Add(fifo);
            }
        }
    }

    public void Return(SafeFileHandle fifo)
    {
        lock (_gate)
        {
            _enlarged.Remove(fifo);
        }
    }
}
