using System.Net.Sockets;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Supervision;

/// <summary>
/// The address of a unix socket whose path may be longer than the 107 bytes that the kernel takes: then its directory is
/// named by a descriptor.
/// </summary>
internal sealed class ShortSocketPath : IDisposable
{
    private const int MaxPath = 107;

    private readonly SafeFileHandle? _directory;

    public ShortSocketPath(string path)
    {
        if (Encoding.UTF8.GetByteCount(path) > MaxPath)
        {
            _directory = Libc.Open(Path.GetDirectoryName(path)!, Libc.O_RDONLY);
            path = $"/proc/self/fd/{_directory.DangerousGetHandle()}/{Path.GetFileName(path)}";
        }

        EndPoint = new UnixDomainSocketEndPoint(path);
    }

    /// <summary>To be used before this is disposed.</summary>
    public UnixDomainSocketEndPoint EndPoint { get; }

    public void Dispose() => _directory?.Dispose();
}
