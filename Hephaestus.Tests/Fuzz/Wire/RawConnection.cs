using System.Net.Security;
using System.Net.Sockets;

namespace Hephaestus.Tests.Fuzz.Wire;

/// <summary>A connection on which any bytes can be sent.</summary>
internal sealed class RawConnection : IDisposable
{
    /// <summary>Bytes of answers that are kept at most.</summary>
    private const int MostKept = 8 * 1024 * 1024;

    private readonly Socket _socket;
    private readonly Stream _stream;
    private byte[] _pending = [];

    private RawConnection(Socket socket, Stream stream) => (_socket, _stream) = (socket, stream);

    /// <param name="address">As the server prints it: http://, https:// or unix://.</param>
    public static async Task<RawConnection> OpenAsync(string address, CancellationToken patience)
    {
        var unix = address.StartsWith("unix://", StringComparison.Ordinal);
        var socket = unix
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (unix)
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(address["unix://".Length..]), patience);
                return new RawConnection(socket, new NetworkStream(socket, ownsSocket: true));
            }

            var uri = new Uri(address);
            await socket.ConnectAsync(uri.Host, uri.Port, patience);
            var stream = new NetworkStream(socket, ownsSocket: true);
            return new RawConnection(socket, uri.Scheme == "https" ? await SecureAsync(stream, patience) : stream);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>As a client begins that wants plain headers.</summary>
    public Task BeginAsync(CancellationToken patience) =>
        SendAsync((byte[])[.. Http2Frame.Preface, .. Http2Frame.PlainSettings.ToBytes()], patience);

    public async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken patience)
    {
        await _stream.WriteAsync(bytes, patience);
        await _stream.FlushAsync(patience);
    }

    /// <summary>Nothing more is sent.</summary>
    public void EndSending() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>The next frame; null: the server has closed.</summary>
    public async Task<Http2Frame?> ReadAsync(CancellationToken patience)
    {
        while (true)
        {
            if (Http2Frame.Read(_pending) is var (frame, length))
            {
                _pending = _pending[length..];
                return frame;
            }

            var buffer = new byte[16 * 1024];
            var read = await ReceiveAsync(buffer, patience);
            if (read == 0)
            {
                return null;
            }

            _pending = [.. _pending, .. buffer.AsSpan(0, read)];
        }
    }

    /// <summary>Completes when the server has closed; what it sent until then.</summary>
    public async Task<byte[]> ReadToEndAsync(CancellationToken patience)
    {
        using var all = new MemoryStream();
        var buffer = new byte[64 * 1024];
        for (int read; (read = await ReceiveAsync(buffer, patience)) > 0;)
        {
            all.Write(buffer, 0, all.Length < MostKept ? read : 0);
        }

        return all.ToArray();
    }

    public void Dispose()
    {
        _stream.Dispose();
        _socket.Dispose();
    }

    private async Task<int> ReceiveAsync(byte[] buffer, CancellationToken patience)
    {
        try
        {
            return await _stream.ReadAsync(buffer, patience);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static async Task<SslStream> SecureAsync(NetworkStream stream, CancellationToken patience)
    {
#pragma warning disable CA5359 // Do not disable certificate validation: nothing is said that matters, to a server of one's own
        var secure = new SslStream(stream, leaveInnerStreamOpen: false, (_, _, _, _) => true);
#pragma warning restore CA5359
        await secure.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { TargetHost = "localhost", ApplicationProtocols = [SslApplicationProtocol.Http2] }, patience);
        return secure;
    }
}
