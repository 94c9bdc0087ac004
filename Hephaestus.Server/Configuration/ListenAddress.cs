using System.Globalization;
using System.Net;

namespace Hephaestus.Server.Configuration;

/// <summary>Where to listen: <c>host:port</c>.</summary>
/// <param name="Host">An IPv4 address, an IPv6 address without brackets, or a name.</param>
/// <param name="Port">0 to 65535; 0: any free one.</param>
internal sealed record ListenAddress(string Host, int Port)
{
    /// <summary>What is allowed, for error messages.</summary>
    public const string Allowed = "HOST:PORT with an IPv4 address, [IPv6 address] or name, and a port from 0 (any free one) to 65535";

    /// <summary>Null: no such address.</summary>
    public static ListenAddress? Parse(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 1 || !int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port > IPEndPoint.MaxPort)
        {
            return null;
        }

        return text[..colon] switch
        {
            ['[', .. var inner, ']'] => Uri.CheckHostName(inner) == UriHostNameType.IPv6 ? new ListenAddress(inner, port) : null,
            var host => Uri.CheckHostName(host) is UriHostNameType.IPv4 or UriHostNameType.Dns && !LooksLikeAddress(host) ? new ListenAddress(host, port) : null,
        };
    }

    /// <summary>
    /// Whether only this machine can reach it. A name other than localhost is not: what it resolves to can change
    /// between two starts.
    /// </summary>
    public bool IsLoopback =>
        IPAddress.TryParse(Host, out var address)
            ? IPAddress.IsLoopback(address)
            : Host.Equals("localhost", StringComparison.OrdinalIgnoreCase);

    /// <summary>The addresses to bind: one, or all that a name stands for; of localhost 127.0.0.1, which always exists.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The name cannot be resolved.</exception>
    public IReadOnlyList<IPEndPoint> EndPoints() => Host switch
    {
        _ when IPAddress.TryParse(Host, out var address) => [new IPEndPoint(address, Port)],
        _ when IsLoopback => [new IPEndPoint(IPAddress.Loopback, Port)],
        _ => [.. Dns.GetHostAddresses(Host).Distinct().Select(address => new IPEndPoint(address, Port))],
    };

    /// <inheritdoc/>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    /// <summary>Digits and dots that are no address in the usual form: <c>127.1</c>, <c>1.2.3.400</c>.</summary>
    private static bool LooksLikeAddress(string host) =>
        host.All(character => char.IsAsciiDigit(character) || character == '.') && !(IPAddress.TryParse(host, out var address) && address.ToString() == host);
}
