using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Hephaestus.Server.Access;

/// <summary>Finds out who makes a call: from its connection, and from what it brings along.</summary>
internal sealed class Identification(Credentials credentials, TimeProvider clock)
{
    private const string Scheme = "Bearer ";

    /// <exception cref="Grpc.Core.RpcException">UNAUTHENTICATED: what it brings along proves nothing.</exception>
    public Caller Identify(HttpContext call)
    {
        var proof = OfConnection(call);
        proof = call.Request.Headers.Authorization is { Count: > 0 } header ? Bearer(header).And(proof) : proof;
        return new Caller(proof.Principals, Address(call.Connection), proof.Name);
    }

    private Proof OfConnection(HttpContext call) =>
        call.Features.Get<LocalPeer>() is { } peer ? peer.Proof
        : call.Features.Get<ClientCertificate>() is { } certificate ? certificate.ProveAt(clock.GetUtcNow())
        : Proof.Nothing;

    /// <summary>Several headers may reach us as several or as one with commas; no token has one.</summary>
    private Proof Bearer(StringValues header)
    {
        if (header is not [{ } only] || !only.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            throw Unauthenticated.Header();
        }

        return credentials.Tokens.Values.Value.Verify(only.AsSpan(Scheme.Length).Trim(' ')) ?? throw Unauthenticated.Token();
    }

    /// <summary>Where a call comes from; null: through the unix socket.</summary>
    public static IPAddress? Address(ConnectionInfo connection) =>
        connection.RemoteIpAddress is { IsIPv4MappedToIPv6: true } mapped ? mapped.MapToIPv4() : connection.RemoteIpAddress;
}
