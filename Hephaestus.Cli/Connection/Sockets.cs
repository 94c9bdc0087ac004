using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Hephaestus.Cli.Connection;

/// <summary>
/// Connects to where a destination is: that need not be the name that its certificate bears, so the HTTP handler's own way
/// to connect does not do.
/// </summary>
internal static class Sockets
{
    /// <summary>From the name's resolution until the connection is taken.</summary>
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(2);

    /// <param name="tell">Is told when it is connected.</param>
    /// <exception cref="SocketException">Nobody takes the connection.</exception>
    /// <exception cref="TimeoutException">Nobody has taken it in time.</exception>
    /// <exception cref="IOException">There is no such socket, or the connection leads where a token must not go.</exception>
    public static async ValueTask<Stream> ConnectAsync(
        Destination destination, Action<string> tell, CancellationToken cancellation)
    {
        // .NET says of a missing socket that the address cannot be assigned.
        if (destination.EndPoint is UnixDomainSocketEndPoint local && !File.Exists(local.ToString()))
        {
            throw new FileNotFoundException("there is no such socket");
        }

        var since = Stopwatch.GetTimestamp();
        var socket = Make(destination.EndPoint);
        try
        {
            await ConnectAsync(socket, destination.EndPoint, cancellation);
            CheckReached(destination, socket.RemoteEndPoint);
            tell($"connected to {socket.RemoteEndPoint} after {Stopwatch.GetElapsedTime(since).TotalMilliseconds:0} ms");
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A token is on its way to this machine: but what localhost stands for is said by a file or another machine.</summary>
    /// <exception cref="IOException">The connection leads elsewhere.</exception>
    internal static void CheckReached(Destination destination, EndPoint? reached)
    {
        if (destination is { IsSecure: false, Credentials.Token: not null }
            && reached is IPEndPoint { Address: var address }
            && !Destination.IsLoopback(address))
        {
            throw new IOException($"the name stands for {address}, which is not this machine's own: the token is not sent there");
        }
    }

    private static Socket Make(EndPoint endPoint) => endPoint is UnixDomainSocketEndPoint
        ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    private static async Task ConnectAsync(Socket socket, EndPoint endPoint, CancellationToken cancellation)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(s_limit);
        try
        {
            await socket.ConnectAsync(endPoint, limited.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException();
        }
    }
}
