using Grpc.Core;

namespace Hephaestus.Server.Access;

/// <summary>What callers are told whose proof proves nothing. It holds nothing of what they sent.</summary>
internal static class Unauthenticated
{
    public static RpcException Header() => Refuse("the metadata authorization must be there once, as: Bearer TOKEN");

    public static RpcException Token() => Refuse("the token is none of this server's: it is wrong, or was replaced or removed");

    public static RpcException Certificate(string why) => Refuse($"the client certificate does not count any more: {why}");

    private static RpcException Refuse(string text) => new(new Status(StatusCode.Unauthenticated, text));
}
