using Grpc.Core;

namespace Hephaestus.Server.Access;

/// <summary>Who is calling, as far as the connection tells.</summary>
internal static class Caller
{
    /// <summary>The address without its port, or "the local socket".</summary>
    public static string Of(ServerCallContext context) => context.Peer.Split(':', 2) switch
    {
        ["ipv4" or "ipv6", var address] => address[..address.LastIndexOf(':')],
        ["unix", ..] => "the local socket",
        _ => context.Peer,
    };
}
