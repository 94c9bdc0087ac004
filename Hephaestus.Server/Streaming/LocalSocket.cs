using System.Net.Sockets;
using Hephaestus.Server.Configuration;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Streaming;

/// <summary>The unix socket's file: it outlives a server that was killed, and says who may connect.</summary>
internal static class LocalSocket
{
    /// <summary>
    /// Makes the socket. Until it listens nobody can connect, and it has its mode and group before that, so that it is never
    /// open to more than it is meant to be.
    /// </summary>
    /// <exception cref="EndpointException">It cannot be made, or not be given to the group.</exception>
    public static Socket Bind(SocketSettings settings)
    {
        Clear(settings.Path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            Libc.CloseToOthers(socket.SafeHandle);
            socket.Bind(new UnixDomainSocketEndPoint(settings.Path));
            Libc.OpenTo(settings.Path, settings.Group?.Id, settings.Mode.Bits);
            return socket;
        }
        catch (Exception fault) when (fault is SocketException or IOException)
        {
            // The file goes with it, if there is one.
            socket.Dispose();
            throw new EndpointException($"{SettingKeys.Socket}: {settings} cannot be used: {fault.Message}");
        }
    }

    /// <summary>Removes a socket that nobody answers.</summary>
    /// <exception cref="EndpointException">Another program answers there, or the path is something else.</exception>
    private static void Clear(string path)
    {
        if (!File.Exists(path))
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
            throw new EndpointException($"{SettingKeys.Socket}: {path} cannot be used: {fault.Message}");
        }

        throw new EndpointException($"{SettingKeys.Socket}: another program listens on {path}");
    }

    // A regular file refuses connections too, and must not be removed.
    private static bool IsSocket(string path) => Libc.LinkStatus(path, out var status) == 0 && status.IsSocket;
}
