using System.Net.Sockets;
using System.Text;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Standard;

/// <summary>What a service manager listens on, as sd_notify(3) has it.</summary>
internal sealed class NotifySocket : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly UnixDomainSocketEndPoint _address;

    /// <param name="name">A path; or a name that begins with @, in the kernel's memory alone.</param>
    public NotifySocket(string name)
    {
        Name = name;
        _address = new UnixDomainSocketEndPoint(name[0] == '@' ? '\0' + name[1..] : name);
        _socket.Bind(_address);
    }

    /// <summary>The value of NOTIFY_SOCKET.</summary>
    public string Name { get; }

    /// <summary>The variable that a service manager sets.</summary>
    public (string Name, string Value) Variable => ("NOTIFY_SOCKET", Name);

    /// <summary>All that was told, up to and with the first message that has this line.</summary>
    public async Task<IReadOnlyList<string[]>> UntilAsync(string line)
    {
        using var timeout = new CancellationTokenSource(Timeouts.Default);
        var told = new List<string[]>();
        var buffer = new byte[64 * 1024];
        while (told.Count == 0 || !told[^1].Contains(line))
        {
            var length = await _socket.ReceiveAsync(buffer, SocketFlags.None, timeout.Token);
            told.Add(Encoding.UTF8.GetString(buffer, 0, length).Split('\n'));
        }

        return told;
    }

    /// <summary>Puts messages there until no more find room; nobody reads them.</summary>
    public void Fill()
    {
        using var sender = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            while (true)
            {
                sender.SendTo("X_FILLER=1"u8, _address);
            }
        }
        catch (SocketException full) when (full.SocketErrorCode == SocketError.WouldBlock)
        {
            // That is how one learns it.
        }
    }

    public void Dispose() => _socket.Dispose();
}
