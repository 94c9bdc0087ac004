using System.Net.Sockets;

namespace Hephaestus.Server.Supervision;

/// <summary>
/// Where the supervisor of a state directory is found. A lock beside the socket's file says whose it is: the next
/// supervisor waits there until the one before has gone.
/// </summary>
internal sealed class SupervisorSocket : IDisposable
{
    private const int Backlog = 8;

    private readonly string _path;
    private readonly FileStream _lock;
    private readonly Socket _listener;

    private SupervisorSocket(string path, FileStream taken, Socket listener) =>
        (_path, _lock, _listener) = (path, taken, listener);

    /// <summary>The socket's file, below a state directory.</summary>
    public static string In(string stateDirectory) => Path.Combine(stateDirectory, "supervisor.sock");

    /// <summary>The lock beside it, which the supervisor holds.</summary>
    public static string LockIn(string stateDirectory) => In(stateDirectory) + ".lock";

    /// <summary>Takes the place of whatever supervisor was there.</summary>
    /// <exception cref="IOException">Another one is there.</exception>
    public static SupervisorSocket Listen(string stateDirectory)
    {
        var path = In(stateDirectory);
        var taken = new FileStream(LockIn(stateDirectory), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        File.Delete(path);
        CrashPoint.Reach("supervisor-listening");
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using (var address = new ShortSocketPath(path))
        {
            listener.Bind(address.EndPoint);
        }

        listener.Listen(Backlog);
        return new SupervisorSocket(path, taken, listener);
    }

    /// <summary>Connects to the supervisor of a state directory; null: there is none.</summary>
    public static async Task<Socket?> ConnectAsync(string stateDirectory, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            using var address = new ShortSocketPath(In(stateDirectory));
            await socket.ConnectAsync(address.EndPoint, cancellation);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    /// <summary>Whether a server can find it.</summary>
    public bool IsThere => File.Exists(_path);

    /// <summary>Waits for a server; null: it went away again, or there is no descriptor for it at present.</summary>
    public Socket? Accept()
    {
        try
        {
            return _listener.Accept();
        }
        catch (SocketException)
        {
            return null;
        }
    }

    /// <summary>From now on nobody finds it; it stays taken until this process ends.</summary>
    public void Unlink()
    {
        try
        {
            File.Delete(_path);
        }
        catch (IOException)
        {
            // Its directory is gone, or the disk: nobody finds it there.
        }
    }

    public void Dispose()
    {
        Unlink();
        _listener.Dispose();
        _lock.Dispose();
    }
}
