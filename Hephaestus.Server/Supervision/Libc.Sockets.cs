using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Supervision;

/// <summary>Unix sockets: whose file they are, and who is at the other end.</summary>
internal static partial class Libc
{
    private const int O_PATH = 0x200000;
    private const int SOL_SOCKET = 1;
    private const int SO_PEERCRED = 17;
    private const int SO_PEERGROUPS = 59;
    private const uint KeepUser = uint.MaxValue;

    /// <summary>The file that a socket will make when it is bound can be used by this user alone.</summary>
    public static void CloseToOthers(SafeSocketHandle socket)
    {
        // The kernel takes the mode for the file from the socket's own, less the umask.
        if (fchmod(socket, 0b110_000_000) != 0)
        {
            throw Error("socket");
        }
    }

    /// <summary>Opens the file of a bound socket, to a group or not, without following a link that was put there.</summary>
    /// <exception cref="IOException">It is gone, is no socket, or that is not allowed; HResult is the errno.</exception>
    public static void OpenTo(string path, uint? group, uint mode)
    {
        using var file = OpenPath(path);
        if (Status(file, out var status) != 0 || !status.IsSocket)
        {
            throw new IOException($"{path}: not a socket any more");
        }

        var name = $"/proc/self/fd/{file.DangerousGetHandle()}";
        if ((group is { } wanted && chown(name, KeepUser, wanted) != 0) || chmod(name, mode) != 0)
        {
            throw Error(path);
        }
    }

    /// <summary>Who connected, at the time when they did; null: the socket is no unix socket.</summary>
    public static (uint User, uint Group)? Peer(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[3 * sizeof(uint)];
        try
        {
            // Of other sockets the kernel does not refuse to tell: it tells -1.
            return socket.AddressFamily == AddressFamily.Unix
                && socket.GetRawSocketOption(SOL_SOCKET, SO_PEERCRED, credentials) == credentials.Length
                && MemoryMarshal.Cast<byte, uint>(credentials) is [_, not uint.MaxValue and var user, var group]
                    ? (user, group)
                    : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    /// <summary>The supplementary groups of who connected; none where the kernel does not tell (it does from 4.13 on).</summary>
    public static uint[] PeerGroups(Socket socket)
    {
        var buffer = new byte[1024];
        try
        {
            return GroupsIn(socket, buffer);
        }
        catch (SocketException)
        {
            // More than usual (ERANGE), which .NET has no word for.
            return ManyGroups(socket);
        }
    }

    private static uint[] ManyGroups(Socket socket)
    {
        try
        {
            return GroupsIn(socket, new byte[MostGroups * sizeof(uint)]);
        }
        catch (SocketException)
        {
            return [];
        }
    }

    private static uint[] GroupsIn(Socket socket, byte[] buffer) =>
        MemoryMarshal.Cast<byte, uint>(buffer.AsSpan(0, socket.GetRawSocketOption(SOL_SOCKET, SO_PEERGROUPS, buffer))).ToArray();

    private static SafeFileHandle OpenPath(string path)
    {
        var noFollow = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;
        return Owned(open(path, O_PATH | noFollow | O_CLOEXEC, 0), path);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmod(SafeSocketHandle socket, uint mode);
}
