using System.Net;
using Microsoft.AspNetCore.Http;

namespace Hephaestus.Server.Access;

/// <summary>Finds out who makes a call: from its connection, and from what it brings along.</summary>
internal static class Identification
{
    /// <exception cref="Grpc.Core.RpcException">UNAUTHENTICATED: what it brings along proves nothing.</exception>
    public static Caller Identify(HttpContext call) => new([], Address(call.Connection), "anonymous");

    /// <summary>Where a call comes from; null: through the unix socket.</summary>
    public static IPAddress? Address(ConnectionInfo connection) =>
        connection.RemoteIpAddress is { IsIPv4MappedToIPv6: true } mapped ? mapped.MapToIPv4() : connection.RemoteIpAddress;
}
