using System.Net.Sockets;
using System.Text;

namespace Hephaestus.Server.Standard;

/// <summary>
/// The service manager that started this process, systemd as a rule, by the protocol of sd_notify(3): datagrams of lines
/// <c>NAME=VALUE</c> to the unix socket that NOTIFY_SOCKET names. To tell never blocks: what the socket has no room for is kept,
/// of each name the newest value, and tried again. Without that variable nothing is told. Thread-safe.
/// </summary>
internal sealed class ServiceManager : IDisposable
{
    private const string SocketVariable = "NOTIFY_SOCKET";

    /// <summary>
    /// What it says to the process that it starts, and to no other: a step that believed it would report as the server, or
    /// put its own files among the server's.
    /// </summary>
    private static readonly string[] s_forThisProcess =
    [
        SocketVariable, "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID",
        "SYSTEMD_EXEC_PID", "INVOCATION_ID", "JOURNAL_STREAM", "MAINPID", "MANAGERPID", "MANAGERPIDFDID", "CREDENTIALS_DIRECTORY",
        "RUNTIME_DIRECTORY", "STATE_DIRECTORY", "CACHE_DIRECTORY", "LOGS_DIRECTORY", "CONFIGURATION_DIRECTORY",
        "MEMORY_PRESSURE_WATCH", "MEMORY_PRESSURE_WRITE", "FDSTORE",
    ];

    private static readonly TimeSpan s_retry = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, string> _untold = new(StringComparer.Ordinal);
    private readonly Action<string> _complain;
    private readonly string _path;
    private readonly Socket? _socket;
    private readonly Timer _timer;
    private bool _complained;
    private bool _disposed;

    private ServiceManager(string path, Action<string> complain)
    {
        (_path, _complain) = (path, complain);
        _socket = path.Length == 0 ? null : new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
        _timer = new Timer(_ => Send());
    }

    /// <summary>That of this process, whose environment is freed of what was said to it alone; to be called once, before any child.</summary>
    /// <param name="complain">Told, once, when it cannot be talked to.</param>
    public static ServiceManager OfThisProcess(Action<string> complain)
    {
        var path = Environment.GetEnvironmentVariable(SocketVariable) ?? "";
        foreach (var name in s_forThisProcess)
        {
            Environment.SetEnvironmentVariable(name, null);
        }

        return new ServiceManager(path, complain);
    }

    /// <summary>Tells these values, together with those that are untold yet.</summary>
    public void Tell(params ReadOnlySpan<(string Name, string Value)> values)
    {
        lock (_gate)
        {
            foreach (var (name, value) in values)
            {
                _untold[name] = value.ReplaceLineEndings(" ");
            }
        }

        Send();
    }

    /// <summary>What is untold is tried once more.</summary>
    public void Dispose()
    {
        Send();
        lock (_gate)
        {
            _disposed = true;
            _timer.Dispose();
            _socket?.Dispose();
        }
    }

    private void Send()
    {
        lock (_gate)
        {
            if (_disposed || _socket is null || _untold.Count == 0)
            {
                return;
            }

            try
            {
                _socket.SendTo(Encoding.UTF8.GetBytes(string.Join('\n', _untold.Select(value => $"{value.Key}={value.Value}"))), Address());
            }
            catch (SocketException full) when (full.SocketErrorCode == SocketError.WouldBlock)
            {
                _timer.Change(s_retry, Timeout.InfiniteTimeSpan);
                return;
            }
            catch (Exception fault) when (fault is SocketException or ArgumentException)
            {
                Complain(fault.Message);
            }

            _untold.Clear();
        }
    }

    /// <summary>A name that begins with @ stands for one in the kernel's memory alone, whose first byte is 0 (unix(7)).</summary>
    private UnixDomainSocketEndPoint Address() => _path switch
    {
        ['/', ..] => new UnixDomainSocketEndPoint(_path),
        ['@', ..] => new UnixDomainSocketEndPoint('\0' + _path[1..]),
        _ => throw new ArgumentException("only the path of a unix socket, and a name that begins with @, can be used"),
    };

    private void Complain(string why)
    {
        if (!_complained)
        {
            _complained = true;
            _complain($"{SocketVariable}: the service manager cannot be told anything at {_path}: {why}");
        }
    }
}
