using System.Net.Sockets;

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

    // A regular file refuses connections too, and must not be removed. Sockets are neither regular nor empty of type
    // bits; .NET shows them as files without any of the attributes that regular files have.
    private static bool IsSocket(string path) => new FileInfo(path) is { Length: 0, UnixFileMode: _ };
}
