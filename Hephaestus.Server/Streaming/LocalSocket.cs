using System.Net.Sockets;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Streaming;

/// <summary>The file of a unix socket outlives a server that was killed.</summary>
internal static class LocalSocket
{
    /// <summary>Removes a socket that nobody answers.</summary>
    /// <exception cref="EndpointException">Another program answers there, or the path is something else.</exception>
    public static void Clear(string? path)
    {
        if (path is null || !File.Exists(path))
        {
            return;
        }

        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException fault) when (fault.SocketErrorCode == SocketError.ConnectionRefused && IsSocket(path))
        {
            File.Delete(path);
            return;
        }
        catch (SocketException fault)
        {
            throw new EndpointException($"host.grpc.socket: {path} cannot be used: {fault.Message}");
        }

        throw new EndpointException($"host.grpc.socket: another program listens on {path}");
    }

    // A regular file refuses connections too, and must not be removed.
    private static bool IsSocket(string path) => Libc.LinkStatus(path, out var status) == 0 && status.IsSocket;
}
