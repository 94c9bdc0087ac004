using Grpc.Core;

namespace Hephaestus.Server.Access;

/// <summary>Who is calling, as far as the connection tells.</summary>
internal static class Caller
{
    /// <summary>The address without its port, or "the local socket", which has none.</summary>
    public static string Of(ServerCallContext context) => context.Peer.Split(':', 2) switch
    {
        ["ipv4" or "ipv6", var address] => address[..address.LastIndexOf(':')],
        _ => "the local socket",
    };
}
