using System.Net;
using System.Net.Sockets;

namespace Hephaestus.Cli.Connection;

/// <summary>Where a server is, and how its certificate is judged.</summary>
/// <param name="Text">As the user wrote it, for messages.</param>
/// <param name="Uri">http or https; the host is the name that a certificate must bear.</param>
/// <param name="EndPoint">What to connect to.</param>
/// <param name="Authority">Path of the PEM file with the only authority to trust; null: those that the system trusts.</param>
internal sealed record Destination(string Text, Uri Uri, EndPoint EndPoint, string? Authority = null)
{
    /// <summary>The kernel's limit on a socket's path, without the NUL at its end.</summary>
    private const int LongestSocketPath = 107;

    private const string Allowed =
        "allowed are http://HOST:PORT, https://HOST:PORT, unix:///PATH and cfg://NAME";

    /// <summary>What shows the server who asks.</summary>
    public Credentials Credentials { get; init; } = Credentials.None;

    /// <summary>Whether the connection is encrypted.</summary>
    public bool IsSecure => Uri.Scheme == Uri.UriSchemeHttps;

    /// <summary>Whether the address itself says that nothing leaves this machine: a socket, a loopback address, localhost.</summary>
    public bool IsOfThisMachine => EndPoint switch
    {
        UnixDomainSocketEndPoint => true,
        DnsEndPoint { Host: "localhost" } => true,
        // Another name may stand for loopback now, and for something else the next time.
        DnsEndPoint { Host: var host } => IPAddress.TryParse(host, out var address) && IsLoopback(address),
        _ => false,
    };

    /// <summary>An address as the user wrote it, which does not refer to a configuration.</summary>
    /// <exception cref="UsageException">It cannot be used.</exception>
    public static Destination Parse(string text) =>
        text.StartsWith("unix://", StringComparison.OrdinalIgnoreCase) ? Local(text, text["unix://".Length..]) : Remote(text);

    /// <summary>The same server, whose certificate must bear another name than the address.</summary>
    /// <exception cref="UriFormatException">That is no host name.</exception>
    public Destination Named(string domain) => this with { Uri = new UriBuilder(Uri.Scheme, domain, Uri.Port).Uri };

    /// <summary>The same server, to which a token is sent.</summary>
    /// <exception cref="UsageException">Anybody on the way could read it.</exception>
    public Destination Showing(Token token) => IsSecure || IsOfThisMachine
        ? this with { Credentials = Credentials with { Token = token } }
        : throw new UsageException(
            $"{token.Source} is not sent to {Text} without TLS; right is https://HOST:PORT or, for a server on this machine, "
            + "http://127.0.0.1:PORT, http://localhost:PORT or unix:///PATH");

    /// <summary>Whether an address leads to this machine alone.</summary>
    public static bool IsLoopback(IPAddress address) =>
        IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);

    private static Destination Remote(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0)
        {
            throw new UsageException($"the address '{text}' cannot be used; {Allowed}");
        }

        if (uri.PathAndQuery != "/" || uri.UserInfo.Length > 0 || uri.Fragment.Length > 0)
        {
            throw new UsageException($"the address '{text}' has more than a host and a port; {Allowed}");
        }

        return uri.Port is > 0 and <= IPEndPoint.MaxPort
            ? new Destination(text, uri, new DnsEndPoint(uri.IdnHost, uri.Port))
            : throw new UsageException($"the address '{text}' has a port that is not from 1 to 65535; {Allowed}");
    }

    private static Destination Local(string text, string path)
    {
        if (!path.StartsWith('/'))
        {
            throw new UsageException($"the address '{text}' has no absolute path; right is unix:///PATH, with three slashes");
        }

        return System.Text.Encoding.UTF8.GetByteCount(path) is > 1 and <= LongestSocketPath
            ? new Destination(text, new Uri("http://localhost"), new UnixDomainSocketEndPoint(path))
            : throw new UsageException($"the address '{text}' has a path that is not of 1 to {LongestSocketPath} bytes");
    }
}

/// <summary>The command line, the configuration or the address is unusable; the message is for the user, a line each.</summary>
internal sealed class UsageException(string message) : Exception(message);
